"""Tells Schemathesis what a photo is: it loads this module before it begins."""

import schemathesis
from hypothesis import strategies as st

from tests.photos import variants

SMALL = variants.corners().resize((64, 40))
for media_type, kind in {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/heic": "HEIF",
    "image/avif": "AVIF",
}.items():
    schemathesis.openapi.media_type(media_type, st.just(variants.encoded(SMALL, kind)))
