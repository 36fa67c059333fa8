"""How many requests of one client may wait at the same time, over all processes: held polls and streams.

A permit that its process does not give back, because it was killed, ends by itself: after the longest time that it can
be needed, or, where others wait for it, as soon as it is not renewed.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from app.limits.local import PROCESSES
from app.limits.shared import Semaphore, SharedCounts

PERMIT_BYTES: Final = 8
LEASE_SECONDS: Final = 6
"""How long a permit lasts that is renewed while it is used."""
RENEWAL_SECONDS: Final = 2.0


class Semaphores:
    """The permits of every client."""

    def __init__(self, shared: SharedCounts | None) -> None:
        self._shared = shared
        self._here: Counter[Semaphore] = Counter()

    @asynccontextmanager
    async def permit(self, semaphores: Sequence[Semaphore], seconds: int) -> AsyncIterator[str | None]:
        """Take a permit of every semaphore for as long as the context lasts; None if one has none.

        `seconds` is the longest that the context can last.
        """
        if any(self._here[semaphore] >= semaphore.most for semaphore in semaphores):
            yield None
            return
        permit = secrets.token_hex(PERMIT_BYTES)
        self._here.update(semaphores)
        try:
            yield permit if await self._enter(semaphores, permit, seconds) else None
        finally:
            if self._shared and semaphores:
                self._shared.leave(semaphores, permit)
            self._here.subtract(semaphores)
            for semaphore in semaphores:
                if not self._here[semaphore]:
                    del self._here[semaphore]

    @asynccontextmanager
    async def renewed_permit(self, semaphore: Semaphore) -> AsyncIterator[bool]:
        """The same for one semaphore, and for as long as the context lasts, however long that is."""
        async with self.permit((semaphore,), LEASE_SECONDS) as permit:
            renewing = asyncio.create_task(self._renew(semaphore, permit)) if permit and self._shared else None
            try:
                yield bool(permit)
            finally:
                if renewing:
                    renewing.cancel()

    async def _renew(self, semaphore: Semaphore, permit: str) -> None:
        while self._shared:
            await asyncio.sleep(RENEWAL_SECONDS)
            await self._shared.enter((semaphore,), permit, LEASE_SECONDS)

    async def _enter(self, semaphores: Sequence[Semaphore], permit: str, seconds: int) -> bool:
        if not semaphores:
            return True
        entered = await self._shared.enter(semaphores, permit, seconds) if self._shared else None
        if entered is not None:
            return entered
        processes = PROCESSES if self._shared else 1
        return all(self._here[semaphore] <= max(1, semaphore.most // processes) for semaphore in semaphores)
