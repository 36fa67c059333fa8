"""Threads for what blocks: so many at a time, and a bounded wait for one. Knows nothing of what they do."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread

from domain.errors import UnavailableError

_T = TypeVar("_T")

MOST: Final = 20
"""Twice as many as DATABASE_POOL_SIZE is unless set: while half of them talk to the storage, half append."""
WAIT_SECONDS: Final = 1.0
"""For a thread; whoever would wait longer is better told to come again."""


class OverloadedError(UnavailableError):
    """Too much comes in at this moment. Please try again."""


class Threads:
    """A number of threads that requests share."""

    def __init__(self, most: int = MOST) -> None:
        self._places = CapacityLimiter(most)
        self._threads = CapacityLimiter(most)

    async def run(self, function: Callable[[], _T]) -> _T:
        """What the function gives; once it has begun, it runs to its end, whoever goes away. Raises OverloadedError."""
        request = object()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire_on_behalf_of(request)
        except TimeoutError:
            raise OverloadedError from None
        try:
            return await to_thread.run_sync(function, limiter=self._threads)
        finally:
            self._places.release_on_behalf_of(request)
