"""Cuts off the request bodies that are still arriving some seconds after the service was asked to stop."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from app.api.serving.read_ahead import ReadAhead
from domain.errors import UnavailableError

HTTP: Final = ScopeType.HTTP


class StoppingError(UnavailableError):
    """The service is stopping. Please send this again."""


class Cut:
    """The moment from which no body is waited for: granian itself would wait for the slowest."""

    def __init__(self) -> None:
        self._is_made = False
        self._awaited: set[asyncio.Future[Any]] = set()

    def make(self) -> None:
        """Cut off every body that is still awaited."""
        self._is_made = True
        for piece in self._awaited:
            piece.cancel()

    def applied_to(self, app: ASGIApp) -> ASGIApp:
        """The app, with bodies that are read ahead and end at the cut."""

        async def with_body(scope: Scope, receive: Receive, send: Send) -> None:
            with ReadAhead(receive, self._arrival) as body:
                await app(scope, body.receive, send)

        def until_cut(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            # A GET has no body that could be late, and a held one listens for its client's disconnect.
            if scope["type"] == HTTP and scope["method"] != "GET":
                return with_body(scope, receive, send)
            return app(scope, receive, send)

        return until_cut

    async def _arrival(self, piece: asyncio.Future[Any]) -> None:
        """Wait for a piece of a body. Raises StoppingError."""
        if self._is_made:
            raise StoppingError
        self._awaited.add(piece)
        try:
            await piece
        except asyncio.CancelledError:
            if self._is_made:
                raise StoppingError from None
            raise
        finally:
            self._awaited.discard(piece)
