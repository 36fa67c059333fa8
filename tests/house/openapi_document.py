"""The OpenAPI document as the code declares it, without any server: `python -m tests.house.openapi_document`."""

import json
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar

from app.api.application import create_api
from tests.api_services import services_without_io


def api_without_io() -> Litestar:
    """The API, which can be asked for its routes and for nothing else."""
    return create_api(services_without_io(Path()))


def openapi_document() -> dict[str, Any]:
    """The document as /schema/openapi.json serves it."""
    document: dict[str, Any] = msgspec.to_builtins(api_without_io().openapi_schema.to_schema(), str_keys=True)
    return document


if __name__ == "__main__":
    print(json.dumps(openapi_document()))  # noqa: T201 - its output
