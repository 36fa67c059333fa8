"""Cuts off the request bodies that are still arriving some seconds after the service was asked to stop."""

import asyncio
from collections.abc import Awaitable
from functools import partial

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send, WebSocketReceiveMessage

from domain.errors import UnavailableError

Received = HTTPReceiveMessage | WebSocketReceiveMessage


class StoppingError(UnavailableError):
    """The service is stopping. Please send this again."""


class Cut:
    """The moment from which no body is waited for: granian itself would wait for the slowest."""

    def __init__(self) -> None:
        self._is_made = False
        self._waiting: set[asyncio.Timeout] = set()

    def make(self) -> None:
        """Cut off every body that is still awaited."""
        self._is_made = True
        for waiting in self._waiting:
            waiting.reschedule(0)

    def applied_to(self, app: ASGIApp) -> ASGIApp:
        """The app, with bodies that end at the cut."""

        def until_cut(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            # A GET has no body that could be late, and a held one listens for its client's disconnect.
            if scope["type"] == ScopeType.HTTP and scope["method"] != "GET":
                return app(scope, partial(self._received, receive), send)
            return app(scope, receive, send)

        return until_cut

    async def _received(self, receive: Receive) -> Received:
        try:
            async with asyncio.timeout(0 if self._is_made else None) as waiting:
                self._waiting.add(waiting)
                try:
                    return await receive()
                finally:
                    self._waiting.discard(waiting)
        except TimeoutError:
            raise StoppingError from None
