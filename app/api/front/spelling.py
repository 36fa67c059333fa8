"""Gives each path one spelling before anything decides by it.

The framework finds `/metrics` for `//metrics` and `/metrics/` too, so a guard must see the same path.
"""

from collections.abc import Awaitable
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.utils import normalize_path

HTTP: Final = ScopeType.HTTP


def with_one_spelling(app: ASGIApp) -> ASGIApp:
    """The application, which sees no path with further slashes in it or at its end."""

    def spelled(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == HTTP and ("//" in scope["path"] or scope["path"].endswith("/")):
            scope["path"] = normalize_path(scope["path"])
        return app(scope, receive, send)

    return spelled
