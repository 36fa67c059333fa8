"""A cache for one slowly changing value: refreshed by at most one query at a time, within a maximum age.

It does not know the query or what the value means.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import structlog

from domain.errors import LogUnavailableError

T = TypeVar("T")

RETRY_SECONDS: Final = 1.0
"""How soon the value is read again after PostgreSQL did not answer."""

log = structlog.get_logger(__name__)


class TimedCache(Generic[T]):
    """Caches the last value for `seconds`, on one event loop. If it cannot be read, the old value stays."""

    def __init__(
        self, read: Callable[[], Awaitable[T]], seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._answer: T | None = None
        self._old_at = -1.0
        self._failed = False
        self._round: asyncio.Task[T | None] | None = None

    def peek(self, *, accept: Callable[[T], bool] = lambda _: True) -> T | None:
        """The cached value, if it is not too old and `accept` allows it."""
        if self._answer is not None and self._clock() < self._old_at and accept(self._answer):
            return self._answer
        return None

    async def get(self, *, accept: Callable[[T], bool] = lambda _: True) -> T | None:
        """The value that `peek` returns, or else a new one, even if `accept` rejects it. None if none was ever read."""
        if (cached := self.peek(accept=accept)) is not None:
            return cached
        if self._failed and self._clock() < self._old_at:
            return self._answer  # or every caller would repeat a read that fails
        joined = self._round is not None and not self._round.done()
        answer = await self._next()
        if joined and answer is not None and not accept(answer):
            answer = await self._next()  # the query that this call joined was sent before the call
        return answer

    async def _next(self) -> T | None:
        if self._round is None or self._round.done():
            self._round = asyncio.get_running_loop().create_task(self._ask())
            # The caller may be cancelled, and asyncio would log an exception that is not retrieved.
            self._round.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(self._round)

    async def _ask(self) -> T | None:
        try:
            self._answer = await self._read()
            self._failed = False
        except LogUnavailableError:
            self._failed = True  # the old value stays
            self._old_at = self._clock() + min(self._seconds, RETRY_SECONDS)
            return self._answer
        except Exception as error:  # noqa: BLE001 - a value that only adorns an answer must not fail it
            self._failed = True
            log.warning("cache.not_read", error=repr(error), seconds=self._seconds)
        self._old_at = self._clock() + self._seconds
        return self._answer
