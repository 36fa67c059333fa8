"""The OpenAPI document as the code declares it, without any server: `python -m tests.house.openapi_document`."""

import json
from typing import Any, Final

from app.api.application import create_api
from app.settings.environment import Settings

_ABSENT: Final[Any] = None
"""In place of each part that would do the work: routes are declared without it."""


def openapi_document() -> dict[str, Any]:
    """The document as /schema/openapi.json serves it."""
    app = create_api(
        uploads=_ABSENT,
        history=_ABSENT,
        reader=_ABSENT,
        watches=_ABSENT,
        blobs=_ABSENT,
        sessions=_ABSENT,
        links=_ABSENT,
        settings=Settings(),
        checks={},
        analytics=_ABSENT,
        prompt_version=0,
    )
    return app.openapi_schema.to_schema()


if __name__ == "__main__":
    print(json.dumps(openapi_document(), default=str))  # noqa: T201 - its output
