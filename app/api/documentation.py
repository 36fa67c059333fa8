"""The OpenAPI document of all resources: a page at /schema to read and to try it, the document itself below that.

The page is built with the upload page, is served from memory and asks this server alone.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from threading import Thread
from typing import Any, Final

import yaml  # type: ignore[import-untyped] # its types are a package of their own
from litestar import Litestar, Request, Response, Router
from litestar.enums import MediaType, OpenAPIMediaType
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, Reference, Schema, SecurityScheme, Tag
from litestar.plugins import OpenAPISchemaPlugin
from litestar.serialization import default_serializer, encode_json
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition
from litestar.typing import FieldDefinition
from msgspec import Struct, to_builtins

from app.api.http.openapi import SESSION, STAFF_SCHEME, TOKEN
from app.api.pages.built import policy_of, read_page

POLICY: Final = policy_of()


class _Page(OpenAPIRenderPlugin):
    def __init__(self) -> None:
        super().__init__(path="/")
        self._page = read_page("schema.html").encode()

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002 - the page asks for the document by itself
        return self._page


class _Document(OpenAPIRenderPlugin):
    """The document in one form, written once: as YAML that takes a quarter of a second, in which no other is served."""

    def __init__(self, path: str, media_type: OpenAPIMediaType, write: Callable[[object], bytes]) -> None:
        super().__init__(path=path, media_type=media_type)
        self._write = write
        self._written: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002 - all get the same
        return self.prepare(openapi_schema)

    def prepare(self, openapi_schema: dict[str, Any]) -> bytes:
        """Write it, unless it is written."""
        if self._written is None:
            self._written = self._write(to_builtins(openapi_schema, enc_hook=default_serializer))
        return self._written


@asynccontextmanager
async def written_ahead(app: Litestar) -> AsyncIterator[None]:
    """Write the document in a thread as soon as the process serves: the first who asks must not hold up the others."""
    Thread(target=_write, args=(app,), name="document", daemon=True).start()
    yield


def _write(app: Litestar) -> None:
    schema: dict[str, Any] = app.plugins.get("OpenAPIPlugin").provide_openapi_schema()
    for plugin in app.openapi_config.render_plugins if app.openapi_config else ():
        if isinstance(plugin, _Document):
            plugin.prepare(schema)


def _as_yaml(document: object) -> bytes:
    text: str = yaml.dump(document, default_flow_style=False)
    return text.encode()


def _for_browsers(response: Response[Any]) -> Response[Any]:
    """Give the page its policy. Unknown paths below /schema are answered as all unknown paths are."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise NotFoundException
    if response.media_type == MediaType.HTML:
        response.headers.update({"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})
    return response


class ConstantsAreRequired(OpenAPISchemaPlugin):
    """Documents members with one possible value, like `success`, as required: in the code they have a default."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Every body is a Struct."""
        return not field_definition.is_union and field_definition.is_subclass_of(Struct)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:  # noqa: ANN401 - the framework's own class is private
        """The schema as the framework makes it, with those members required."""
        plugins = (plugin for plugin in schema_creator.plugins if plugin is not self)
        usual = next(plugin for plugin in plugins if schema_creator.plugin_supports_field(plugin, field_definition))
        schema: Schema = usual.to_openapi_schema(field_definition, schema_creator)
        constants = {name for name, member in (schema.properties or {}).items() if _is_constant(member)}
        schema.required = sorted(constants.union(schema.required or ()))
        return schema


def _is_constant(member: Schema | Reference) -> bool:
    return isinstance(member, Schema) and member.const is not None


TAGS: Final = {
    "uploads": "Submit a photo, retry, cancel and erase.",
    "status": "Where an upload is: a poll, a held poll, a stream.",
    "results": "The finished picture.",
    "session": "A session, which its holder may end.",
    "support": "For staff: find uploads, see what happened to them, and help.",
    "analysis": "For staff: insights, each as a table with the SQL that made it.",
    "operations": "For operators: health, readiness, metrics.",
}
"""The resources, in the order of the document."""


def resource(tag: str, routes: Sequence[HTTPRouteHandler]) -> Sequence[HTTPRouteHandler]:
    """The routes of one resource, below its heading of the document."""
    for route in routes:
        route.tags = [tag]  # a Router could say it once, but copies its handlers with all that they hold
    return routes


def _documents() -> tuple[_Document, ...]:
    return (
        _Document("/openapi.json", OpenAPIMediaType.OPENAPI_JSON, encode_json),
        _Document("/openapi.yaml", OpenAPIMediaType.OPENAPI_YAML, _as_yaml),
    )


def operation_id(handler: HTTPRouteHandler, _: Method, path: list[str | PathParameterDefinition]) -> str:
    """A readable name that is unique: what the handler does, and to what, as in `getStatus` and `retryUpload`."""
    resource_name = next((part for part in path if isinstance(part, str) and part != "api"), "")
    noun = resource_name.removesuffix("s") if resource_name != "status" else resource_name
    if handler.handler_name in {resource_name, noun}:
        return f"get{handler.handler_name.capitalize()}"
    return f"{handler.handler_name}{noun.capitalize()}"


def openapi() -> OpenAPIConfig:
    """The page at /schema, and below it the document as JSON and YAML."""
    return OpenAPIConfig(
        title="Darkroom",
        version=version("darkroom"),
        description="A photo goes in; a generated, stored and watermarked picture comes out.",
        use_handler_docstrings=True,
        operation_id_creator=operation_id,
        tags=[Tag(name=name, description=description) for name, description in TAGS.items()],
        components=Components(
            security_schemes={
                SESSION: SecurityScheme(
                    type="apiKey",
                    name=TOKEN,
                    security_scheme_in="header",
                    description="The `sessionToken` that the first POST /api/uploads of a session answered.",
                ),
                STAFF_SCHEME: SecurityScheme(
                    type="http", scheme="bearer", description="The token that `darkroom staff add` printed."
                ),
            }
        ),
        render_plugins=[_Page(), *_documents()],
        openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, after_request=_for_browsers),
    )
