"""Requests that are held until their upload moves: each until its time is up, its client goes, or the service stops.

It knows neither the upload's state nor the answer.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from litestar.types import Receive

from projections.queries.watches import Watch, Watches

LOOK_SECONDS: Final = 2.5
"""After so long a held request looks by itself: it learns nothing later than a client that polls."""
MOST: Final = 6000
"""So many requests are held at a time; the connections that are left are for everybody else."""


class Hold:
    """One held request."""

    def __init__(self, watches: Watches, watch: Watch, seconds: float) -> None:
        self._watches = watches
        self._watch = watch
        self._until = asyncio.get_running_loop().time() + seconds
        self.gone = False

    @property
    def goes_on(self) -> bool:
        """Whether there is somebody to wait, and time."""
        return not self.gone and not self._watches.closed and asyncio.get_running_loop().time() < self._until

    def leave(self, listening: asyncio.Future[None]) -> None:
        """The client is gone, whichever way."""
        listening.exception()  # an error that nobody fetches is reported as a mistake of ours
        self.gone = True
        self._watch.ring()

    async def wait(self) -> None:
        """Return when there may be news, or nothing more to wait for."""
        left = self._until - asyncio.get_running_loop().time()
        await self._watch.wait(min(left, LOOK_SECONDS))


@asynccontextmanager
async def held(watches: Watches, upload_id: UUID, receive: Receive, seconds: float) -> AsyncIterator[Hold]:
    """Hold a request. What happens from here on is heard of."""
    with watches.watch(upload_id) as watch:
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
