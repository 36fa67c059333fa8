"""Tells Schemathesis what a photo is, and whose token it may end: it loads this module before it begins."""

import re
from typing import Any, Final

import schemathesis
from hypothesis import strategies as st

from tests.photos import variants

ADMIN: Final = "adam"
LEAVER: Final = "lea"
"""The only staff member whose token may end."""
ENDS_A_TOKEN: Final = re.compile(r"/staff/\{name}/(rotate|revoke)$")

SMALL = variants.corners().resize((64, 40))
for media_type, kind in {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/heic": "HEIF",
    "image/avif": "AVIF",
}.items():
    schemathesis.openapi.media_type(media_type, st.just(variants.encoded(SMALL, kind)))


@schemathesis.hook("before_call")
def end_no_token_that_is_needed(_: schemathesis.HookContext, case: schemathesis.Case[Any], **__: Any) -> None:  # noqa: ANN401 - the library's
    """Names that an answer had are tried too: without this an admin revokes the admin who asks, and all else is 401."""
    if ENDS_A_TOKEN.search(case.path) and case.path_parameters.get("name") != LEAVER:
        case.path_parameters["name"] = LEAVER
