"""Keeps what is for operators on a port of its own, where OPERATIONS_PORT names one.

The port is that of the socket which took the request, as the server knows it, and nothing that a client says.
"""

from typing import Final

from litestar.enums import ScopeType
from litestar.exceptions import NotFoundException
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from app.api.front.callers import HEALTH, PROBES
from app.api.http.errors import reply_to
from app.api.http.headers import every

SCHEMA: Final = "/schema"


def with_operations_on(app: ASGIApp, port: int | None) -> ASGIApp:
    """The application; with a port, its operators' addresses are there and nowhere else, and that port has no other."""
    if port is None:
        return app

    async def divided(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and not _belongs(scope, port):
            await reply_to(NotFoundException()).send(send, every(scope))
        else:
            await app(scope, receive, send)

    return divided


def _belongs(scope: HTTPScope, port: int) -> bool:
    path = scope["path"]
    if path == HEALTH:
        return True
    is_for_operators = path in PROBES or path == SCHEMA or path.startswith(f"{SCHEMA}/")
    server = scope.get("server")
    return is_for_operators == (server is not None and str(server[1]) == str(port)) or path.startswith("/assets/")
