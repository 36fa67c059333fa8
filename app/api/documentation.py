"""The OpenAPI document of all resources: a page at /schema to read and to try it, the document itself below that.

The page is built with the upload page, is served from memory and asks this server alone.
"""

from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from litestar import Request, Response, Router
from litestar.enums import MediaType
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin, YamlRenderPlugin

from app.api.pages.built import policy_of, read_page

POLICY: Final = policy_of(pictures=("'self'", "data:"))


class _Page(OpenAPIRenderPlugin):
    def __init__(self) -> None:
        super().__init__(path="/")
        self._page = read_page("schema.html").encode()

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002 - the page asks for the document by itself
        return self._page


def _for_browsers(response: Response[Any]) -> Response[Any]:
    """Give the page its policy. Unknown paths below /schema are answered as all unknown paths are."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise NotFoundException
    if response.media_type == MediaType.HTML:
        response.headers.update({"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})
    return response


def openapi() -> OpenAPIConfig:
    """The page at /schema, and below it the document as JSON and YAML."""
    return OpenAPIConfig(
        title="Darkroom",
        version=version("darkroom"),
        description="A photo goes in; a generated, stored and watermarked picture comes out.",
        use_handler_docstrings=True,
        render_plugins=[_Page(), JsonRenderPlugin(path="/openapi.json"), YamlRenderPlugin(path="/openapi.yaml")],
        openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, after_request=_for_browsers),
    )
