"""How many requests of one client may wait at the same time, over all processes: held polls and streams.

A permit that its process does not give back, because it was killed, ends by itself.
"""

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from app.limits.local import PROCESSES
from app.limits.shared import Semaphore, SharedCounts

PERMIT_BYTES = 8


class Semaphores:
    """The permits of every client."""

    def __init__(self, shared: SharedCounts | None) -> None:
        self._shared = shared
        self._here: Counter[Semaphore] = Counter()

    @asynccontextmanager
    async def permit(self, semaphores: Sequence[Semaphore], seconds: int) -> AsyncIterator[bool]:
        """Take a permit of every semaphore for as long as the context lasts; False if one has none.

        `seconds` is the longest that the context can last.
        """
        if any(self._here[semaphore] >= semaphore.most for semaphore in semaphores):
            yield False
            return
        permit = secrets.token_hex(PERMIT_BYTES)
        self._here.update(semaphores)
        try:
            yield await self._enter(semaphores, permit, seconds)
        finally:
            if self._shared and semaphores:
                self._shared.leave(semaphores, permit)
            self._here.subtract(semaphores)
            for semaphore in semaphores:
                if not self._here[semaphore]:
                    del self._here[semaphore]

    async def _enter(self, semaphores: Sequence[Semaphore], permit: str, seconds: int) -> bool:
        if not semaphores:
            return True
        entered = await self._shared.enter(semaphores, permit, seconds) if self._shared else None
        if entered is not None:
            return entered
        processes = PROCESSES if self._shared else 1
        return all(self._here[semaphore] <= max(1, semaphore.most // processes) for semaphore in semaphores)
