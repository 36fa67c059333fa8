"""Holds a request until its upload changes, its time is up, its client disconnects or the service stops.

It does not know the upload's state or the answer.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from litestar.types import Receive

from projections.queries.watches import KEPT_SECONDS, Watch, Watches

RECHECK_SECONDS: Final = 2.5
"""A held request reads the state this often without a notification, so a lost one delays it no more than a poll."""
MAX_HELD_REQUESTS: Final = 6000
"""More would take the connections that other requests need."""


class Hold:
    """One held request."""

    def __init__(self, watches: Watches, watch: Watch, seconds: float) -> None:
        self._watches = watches
        self._watch = watch
        self._until = asyncio.get_running_loop().time() + seconds
        self.gone = False

    @property
    def goes_on(self) -> bool:
        """Whether the client is still connected, time is left and the service is not stopping."""
        return not self.gone and not self._watches.closed and asyncio.get_running_loop().time() < self._until

    def leave(self, listening: asyncio.Future[None]) -> None:
        """Note that the client has disconnected."""
        listening.exception()  # asyncio would log an exception that is not retrieved
        self.gone = True
        self._watch.notify()

    async def wait(self, seconds: float | None = None) -> None:
        """Return when the upload may have moved, when waiting is over, or after RECHECK_SECONDS unless told."""
        left = self._until - asyncio.get_running_loop().time()
        await self._watch.wait(min(left, RECHECK_SECONDS if seconds is None else seconds))

    async def go_on(self) -> None:
        """Wait at once if the answer to an earlier request told what this one has read, and was kept for it."""
        if self._watch.is_resumed:
            await self.wait(RECHECK_SECONDS - KEPT_SECONDS)  # no later after that answer than RECHECK_SECONDS

    def keep(self, told: str) -> None:
        """Note what the request is answered with: the client's next request goes on from here."""
        if self.goes_on:
            self._watch.told = told


@asynccontextmanager
async def held(
    watches: Watches, upload_id: UUID, receive: Receive, seconds: float, read: str | None = None
) -> AsyncIterator[Hold]:
    """Hold a request. Changes of the upload wake it from here on, or from the answer on that told what was `read`."""
    with watches.watch(upload_id, read) as watch:
        hold = Hold(watches, watch, seconds)
        listening = asyncio.ensure_future(_until_gone(receive))
        listening.add_done_callback(hold.leave)
        try:
            yield hold
        finally:
            listening.remove_done_callback(hold.leave)
            listening.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
