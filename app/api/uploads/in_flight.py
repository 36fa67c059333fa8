"""One submission at a time for an idempotency key, over all processes.

One that finds another in flight waits for it a moment, and then gets the same answer; a slower one is told 409. As
soon as a submission is in the log nothing needs to wait: the log itself has one first event for a key.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from app.api.http.errors import KeyInFlightError
from app.limits.limits import Limits
from domain.errors import IdempotencyConflictError

PATIENCE_SECONDS: Final = 2.0
AGAIN_SECONDS: Final = 0.1
"""Between two looks at a submission in another process."""


class InFlight:
    """The submissions with a key that are under way. That of a process that was killed is over some seconds later."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._here: dict[str, asyncio.Future[bool]] = {}

    @asynccontextmanager
    async def submitting(self, key: str | None) -> AsyncIterator[None]:
        """Submit in here. Raises KeyInFlightError."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        if key is None or await self._is_in_the_log(key, deadline):
            yield
            return
        mine = self._here[key] = asyncio.get_running_loop().create_future()
        in_the_log = False
        try:
            async with self._alone(key, deadline):
                yield
            in_the_log = True
        except IdempotencyConflictError:
            in_the_log = True
            raise
        finally:
            del self._here[key]
            mine.set_result(in_the_log)

    async def _is_in_the_log(self, key: str, deadline: float) -> bool:
        """Whether a submission of this process has put it there; False when this one has to."""
        while first := self._here.get(key):
            try:
                async with asyncio.timeout_at(deadline):
                    if await asyncio.shield(first):
                        return True
            except TimeoutError:
                raise KeyInFlightError from None
        return False

    @asynccontextmanager
    async def _alone(self, key: str, deadline: float) -> AsyncIterator[None]:
        while True:
            async with self._limits.alone(key) as is_alone:
                if is_alone:
                    yield
                    return
            if asyncio.get_running_loop().time() > deadline:
                raise KeyInFlightError
            await asyncio.sleep(AGAIN_SECONDS)
