"""Bounds how long a request's body is waited for, and reads what is left of one that was answered before its end.

A body that is still arriving some seconds after the service was asked to stop is cut off. What is left of a body when
its answer has been sent is read and thrown away: else a client that is still sending would lose its connection before
it has read the answer, and one that keeps the connection could not use it again.
"""

import asyncio
from collections.abc import Awaitable, Collection
from contextlib import suppress
from typing import Any, Final, Self

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.api.serving.read_ahead import ReadAhead
from domain.errors import UnavailableError

HTTP: Final = ScopeType.HTTP
REST_SECONDS: Final = 5.0
"""How long the rest of a body is read. Who sends for longer, or in tiny pieces, finds the connection closed."""
BODY_HEADERS: Final = frozenset({b"content-length", b"transfer-encoding"})
ASKING_HEADERS: Final = frozenset({b"expect"})
"""Such a client sends its body only if it is told to."""


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
            with ReadAhead(receive, self._arrival) as body, Lent(send) as answer:
                await app(scope, body.receive, answer.send)
                if body.has_begun or not _has_any(scope, ASKING_HEADERS):
                    with suppress(StoppingError, TimeoutError):
                        async with asyncio.timeout(REST_SECONDS):
                            await body.skip()

        def until_cut(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            # A GET has no body that could be late, and a held one listens for its client's disconnect.
            if scope["type"] == HTTP and scope["method"] != "GET" and _has_any(scope, BODY_HEADERS):
                return with_body(scope, receive, send)
            return app(scope, receive, send)

        return until_cut

    async def _arrival(self, piece: asyncio.Future[Any]) -> None:
        """Wait for a piece of a body. Raises StoppingError."""
        if self._is_made:
            piece.cancel()
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


def _has_any(scope: Scope, names: Collection[bytes]) -> bool:
    return any(name in names for name, _ in scope["headers"])


class Lent:
    """The server's `send`, for as long as the context lasts.

    An exception keeps the calls through which it came, and what they hold, until Python's collector runs. The server
    reads no further request from a connection while something holds `send` or `receive` of a body that is not read.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._send = _ignore

    async def send(self, message: Message) -> None:
        """Send it on."""
        await self._send(message)


async def _ignore(_: Message) -> None: ...
