"""Tells browsers that this service is reached over TLS alone (HSTS), where PUBLIC_URL says so."""

from collections.abc import Awaitable
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = (b"strict-transport-security", b"max-age=31536000")


def with_hsts(app: ASGIApp, public_url: str) -> ASGIApp:
    """The application, whose answers carry the header if the URL is https."""
    if not public_url.startswith("https://"):
        return app

    async def secure(scope: Scope, receive: Receive, send: Send) -> None:
        def send_with_header(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), HEADER]
            return send(message)

        await app(scope, receive, send_with_header if scope["type"] == ScopeType.HTTP else send)

    return secure
