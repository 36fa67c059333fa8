"""An answer that many ask for and that changes slowly: read seldom, by one query at a time, and remembered meanwhile.

It knows neither the query nor what the answer means.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar

from domain.errors import LogUnavailableError

T = TypeVar("T")


class TimedCache(Generic[T]):
    """The last answer to one question, on one event loop. While it cannot be asked, the old answer stays."""

    def __init__(
        self, read: Callable[[], Awaitable[T]], seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._answer: T | None = None
        self._old_at = -1.0
        self._round: asyncio.Task[T | None] | None = None

    def peek(self, *, accept: Callable[[T], bool] = lambda _: True) -> T | None:
        """The answer, if it is young enough and suits."""
        if self._answer is not None and self._clock() < self._old_at and accept(self._answer):
            return self._answer
        return None

    async def get(self, *, accept: Callable[[T], bool] = lambda _: True) -> T | None:
        """The answer, if it is young enough and suits; else a new one, whatever it is. None if there was never one."""
        if (cached := self.peek(accept=accept)) is not None:
            return cached
        under_way = self._round is not None and not self._round.done()
        answer = await self._next()
        if under_way and answer is not None and not accept(answer):
            answer = await self._next()  # that query was sent before we came, and knows nothing of us
        return answer

    async def _next(self) -> T | None:
        if self._round is None or self._round.done():
            self._round = asyncio.get_running_loop().create_task(self._ask())
            # Whoever waits may be gone, and an error that nobody fetches is reported as a mistake of ours.
            self._round.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(self._round)

    async def _ask(self) -> T | None:
        with suppress(LogUnavailableError):  # the old answer stays, and for as long as if it were new
            self._answer = await self._read()
        self._old_at = self._clock() + self._seconds
        return self._answer
