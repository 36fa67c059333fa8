"""How many requests of one client may wait at the same time, over all processes: held polls and streams.

A place that its process does not give back, because it was killed, ends by itself.
"""

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from app.limits.local import PROCESSES
from app.limits.shared import Seat, SharedCounts

VISIT_BYTES = 8


class Places:
    """The places of every client."""

    def __init__(self, shared: SharedCounts | None) -> None:
        self._shared = shared
        self._here: Counter[Seat] = Counter()

    @asynccontextmanager
    async def place(self, seats: Sequence[Seat], seconds: int) -> AsyncIterator[bool]:
        """Take a place at every seat for as long as the context lasts; False if one has none.

        `seconds` is the longest that the context can last.
        """
        if any(self._here[seat] >= seat.most for seat in seats):
            yield False
            return
        visit = secrets.token_hex(VISIT_BYTES)
        self._here.update(seats)
        try:
            yield await self._enter(seats, visit, seconds)
        finally:
            if self._shared and seats:
                self._shared.leave(seats, visit)
            self._here.subtract(seats)
            for seat in seats:
                if not self._here[seat]:
                    del self._here[seat]

    async def _enter(self, seats: Sequence[Seat], visit: str, seconds: int) -> bool:
        if not seats:
            return True
        entered = await self._shared.enter(seats, visit, seconds) if self._shared else None
        if entered is not None:
            return entered
        processes = PROCESSES if self._shared else 1
        return all(self._here[seat] <= max(1, seat.most // processes) for seat in seats)
