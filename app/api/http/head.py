"""HEAD is answered as GET is, without the body (RFC 9110): the routes know GET alone.

A HEAD request never waits: a held poll is answered at once, and a stream ends after its headers.
"""

from collections.abc import Awaitable, Callable
from typing import Any

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


async def allow_head(message: Message, _: Scope) -> None:
    """Say of addresses that take GET that they take HEAD."""
    if message["type"] == "http.response.start":
        message["headers"] = [
            (name, value + b", HEAD" if name.lower() == b"allow" and b"GET" in value.split(b", ") else value)
            for name, value in message.get("headers", ())
        ]


async def _gone() -> Any:  # noqa: ANN401 - a message of ASGI
    return {"type": "http.disconnect"}
