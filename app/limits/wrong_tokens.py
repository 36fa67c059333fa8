"""Slows down guessing of staff tokens: after some wrong ones, an address must wait before each further try.

It waits before the token is looked at, and its tries wait behind each other: many at once are no faster. A token that
was good before is never held up, so that a stranger behind the same address delays no colleague. In this process's
memory: guessing 256 random bits is hopeless anyway, and what counts is that it is seen.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final

from msgspec import Struct

from app.limits.networks import networks_of
from domain.errors import DarkroomError

FREE: Final = 5
"""So many wrong tokens an address may send before it is slowed down: people mistype."""
WAIT_SECONDS: Final = 1.0
LONGEST_LINE: Final = 5
"""How many tries of one address may wait. The next one is refused."""
FORGET_SECONDS: Final = 300.0
"""After its last wrong token."""
MOST: Final = 10_000
"""Addresses, and good tokens, that are remembered."""


class TooManyWrongTokensError(DarkroomError):
    """Too many wrong tokens came from this address. Please wait a moment."""

    retry_after = int(LONGEST_LINE * WAIT_SECONDS)


class _Address(Struct):
    wrong: int = 0
    last: float = 0.0
    waiting: int = 0
    free_at: float = 0.0


class WrongTokens:
    """Counts wrong tokens by address, on one event loop."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._wait = wait
        self._addresses: OrderedDict[str, _Address] = OrderedDict()
        self._good: OrderedDict[bytes, None] = OrderedDict()

    async def hold(self, address: str, token: str) -> None:
        """Wait for this address's turn, if it has sent wrong tokens. Raises TooManyWrongTokensError."""
        found = self._found(address)
        if found is None or found.wrong < FREE or _digest(token) in self._good:
            return
        if found.waiting >= LONGEST_LINE:
            raise TooManyWrongTokensError
        now = self._clock()
        found.free_at = max(found.free_at, now) + WAIT_SECONDS
        found.waiting += 1
        try:
            await self._wait(found.free_at - now)
        finally:
            found.waiting -= 1

    def count(self, address: str, token: str) -> None:
        """A token of this address was wrong."""
        self._good.pop(_digest(token), None)
        found = self._addresses.setdefault(networks_of(address)[0], _Address())
        found.wrong += 1
        found.last = self._clock()
        self._addresses.move_to_end(networks_of(address)[0])
        if len(self._addresses) > MOST:
            self._addresses.popitem(last=False)

    def remember(self, token: str) -> None:
        """This token is good."""
        self._good[_digest(token)] = None
        if len(self._good) > MOST:
            self._good.popitem(last=False)

    def _found(self, address: str) -> _Address | None:
        found = self._addresses.get(networks_of(address)[0])
        if found and not found.waiting and self._clock() > found.last + FORGET_SECONDS:
            del self._addresses[networks_of(address)[0]]
            return None
        return found


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
