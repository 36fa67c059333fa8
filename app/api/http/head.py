"""HEAD is answered as GET is, without the body (RFC 9110): the routes know GET alone.

A HEAD request never waits: a held poll is answered at once, and a stream ends after its headers.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types import HTTPScope, Message, Scope, Send

App = Callable[[Any, Any, Any], Awaitable[None]]


async def answer_head(app: App, scope: HTTPScope, send: Send) -> None:
    """Answer a HEAD by an app that knows GET."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message["body"] = b""
        await send(message)

    # In place: the request metrics read the route from this scope afterwards.
    scope["method"] = "GET"
    try:
        await app(scope, _gone, send_head)
    finally:
        scope["method"] = "HEAD"


async def allow_head(message: Message, scope: Scope) -> None:
    """Say of addresses that take GET that they take HEAD."""
    if message["type"] == "http.response.start":
        message["headers"] = [
            (name, _allowed(value, scope) if name.lower() == b"allow" else value)
            for name, value in message.get("headers", ())
        ]


def _allowed(value: bytes, scope: Scope) -> bytes:
    methods = value.split(b", ")
    if scope.get("method") == "OPTIONS":
        # The framework names those of the first handler of an address, not those that were registered later.
        methods = sorted(method.encode() for method in _methods_of(scope)) or methods
    return b", ".join([*methods, b"HEAD"] if b"GET" in methods else methods)


def _methods_of(scope: Scope) -> Iterable[str]:
    app: Litestar = scope["litestar_app"]
    path = scope["path_template"]
    return next(
        (route.methods for route in app.routes if isinstance(route, HTTPRoute) and route.path_format == path), ()
    )


async def _gone() -> Any:  # noqa: ANN401 - a message of ASGI
    return {"type": "http.disconnect"}
