"""Request slots: limits how many requests may use a worker thread at once, and how long one waits for a slot.

Knows nothing of what they do.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread

from domain.errors import UnavailableError

_T = TypeVar("_T")

MAX_SLOTS: Final = 20
"""Twice as many as DATABASE_POOL_SIZE is unless set: while half of them talk to the storage, half append."""
WAIT_SECONDS: Final = 0.7
"""For a slot. If none is free by then, the API answers 503 before it reads the body."""
AGAIN_SECONDS: Final = 1.0
"""For a slot that was given up during a slow upload. Longer than for a new request: the photo is already here."""


class OverloadedError(UnavailableError):
    """Too much comes in at this moment. Please try again."""


class Slot:
    """One request's slot; it may leave it early, while it waits for others."""

    def __init__(self, free: CapacityLimiter, threads: CapacityLimiter) -> None:
        self._free = free
        self._threads = threads
        self._is_taken = False

    async def take(self, seconds: float) -> None:
        """Take it, unless it is taken. Raises OverloadedError after so many seconds."""
        if self._is_taken:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._free.acquire_on_behalf_of(self)
        except TimeoutError:
            raise OverloadedError from None
        self._is_taken = True

    def leave(self) -> None:
        """Give the slot to another request."""
        if self._is_taken:
            self._is_taken = False
            self._free.release_on_behalf_of(self)

    async def run(self, function: Callable[[], _T]) -> _T:
        """The function's result. Once begun, it runs to its end even if the client leaves. Raises OverloadedError."""
        await self.take(AGAIN_SECONDS)
        return await to_thread.run_sync(function, limiter=self._threads)


class Slots:
    """A number of slots that requests share, each with a thread."""

    def __init__(self, most: int = MAX_SLOTS) -> None:
        self._free = CapacityLimiter(most)
        self._threads = CapacityLimiter(most)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """A slot of one's own. Raises OverloadedError."""
        slot = Slot(self._free, self._threads)
        try:
            await slot.take(WAIT_SECONDS)
            yield slot
        finally:
            slot.leave()

    async def run(self, function: Callable[[], _T]) -> _T:
        """What the function gives, run in a slot. Raises OverloadedError."""
        async with self.slot() as slot:
            return await slot.run(function)
