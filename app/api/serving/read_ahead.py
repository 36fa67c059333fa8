"""Reads a request's body ahead of the app, and hands over at once what has arrived.

A photo comes in hundreds of pieces, each at most as large as the server's buffer. To wait for every single one costs
more than all else that is done with it: two threads wake each other each time. So several are asked for at once.

The server answers in the order in which it is asked: one thread of its own serves all connections, takes calls first
in, first out, and each of them waits for the lock of its body, which is fair.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Self, cast

from litestar.types import HTTPReceiveMessage, Receive, WebSocketReceiveMessage

AHEAD: Final = 32
"""So many pieces of a body may wait in memory. A slow one is asked for less: each call takes a KB."""

FEW: Final = 256
"""So many pieces of a body that is skipped may be of any size."""
PIECE_BYTES: Final = 1024
"""Beyond them a piece has so much on average, or the rest is left: a piece costs the same however small it is, and a
client can send a hundred thousand of a byte at once. A slow network's have 1,400 bytes."""

Message = HTTPReceiveMessage | WebSocketReceiveMessage


class ReadAhead:
    """A body, for as long as the context lasts; `arrival` waits for a piece of it.

    Afterwards nothing of the server is held, see Lent.
    """

    def __init__(self, receive: Receive, arrival: Callable[[asyncio.Future[Any]], Awaitable[None]]) -> None:
        self._receive = receive
        self._arrival = arrival
        self._asked: deque[asyncio.Future[Any]] = deque()
        self._most = 1
        self.has_begun = False
        """Whether some of it was asked for."""
        self._has_ended = False
        self._pieces = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()
        self._receive = _gone

    async def receive(self) -> Message:
        """The next message of the body, with all of it that has arrived. Raises what `arrival` raises."""
        self._ask()
        piece = self._asked.popleft()
        if not piece.done():
            await self._arrival(piece)
        message: dict[str, Any] = piece.result()
        bodies = [message.get("body", b"")]
        while message.get("more_body") and self._asked and _is_body(self._asked[0]):
            message = self._asked.popleft().result()
            bodies.append(message["body"])
        self._pieces += len(bodies)
        self._has_ended = not message.get("more_body")
        if not self._has_ended:
            self._most = min(max(2 * len(bodies), self._most // 2), AHEAD)
            self._ask()  # so they arrive while the app takes these
        else:
            self._forget()
        if len(bodies) > 1:
            message["body"] = b"".join(bodies)
        return cast("Message", message)

    async def skip(self) -> None:
        """Read to its end and keep nothing; leave the rest if it comes in tiny pieces. Raises what `arrival` raises."""
        most = self._pieces + FEW
        while not self._has_ended and self._pieces < most:
            message: Mapping[str, Any] = await self.receive()
            most += len(message.get("body", b"")) // PIECE_BYTES

    def _ask(self) -> None:
        self.has_begun = True
        while len(self._asked) < self._most:
            self._asked.append(asyncio.ensure_future(self._receive()))

    def _forget(self) -> None:
        while self._asked:
            self._asked.popleft().cancel()


async def _gone() -> Message:
    return {"type": "http.disconnect"}


def _is_body(piece: asyncio.Future[Any]) -> bool:
    return piece.done() and piece.result()["type"] == "http.request"
