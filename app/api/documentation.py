"""The OpenAPI document of all resources, at /schema."""

from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from litestar import Response, Router
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin


def _refuse_page(response: Response[Any]) -> Response[Any]:
    """Unknown paths below /schema are answered as all unknown paths are, not by the framework's page."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise NotFoundException
    return response


def openapi() -> OpenAPIConfig:
    """The document at /schema, as JSON, and below it as JSON and YAML."""
    return OpenAPIConfig(
        title="Darkroom",
        version=version("darkroom"),
        description="A photo goes in; a generated, stored and watermarked picture comes out.",
        use_handler_docstrings=True,
        render_plugins=[
            JsonRenderPlugin(path=["/", "/openapi.json"]),
            YamlRenderPlugin(path=["/openapi.yaml"]),
        ],
        openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, after_request=_refuse_page),
    )
