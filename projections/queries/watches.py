"""Wakes the requests that wait for a change of an upload, on one event loop.

A process receives each change once, however many requests wait for it. It knows no rows: a request that is woken reads
the row again, and all requests for one upload share one query.

A client that was answered asks again at once, with what it has read. So a watch outlives its request for a moment: the
next request that has read the same need not look whether something changed in between.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from projections.log.notifications import ids_of

KEPT_SECONDS: Final = 1.0
"""How long a watch outlives its request."""
MOST_KEPT: Final = 1000


class Watch:
    """One request that waits. A notification between two waits is kept."""

    __slots__ = ("_notified", "_waiting", "is_resumed", "told")

    def __init__(self) -> None:
        self.is_resumed = False
        """Whether changes since the answer to an earlier request notify it, too."""
        self.told: str | None = None
        """What the request was answered with, if the watch is to be kept for the client's next one."""
        self._notified = False
        self._waiting: asyncio.Future[None] | None = None

    def notify(self) -> None:
        """Wake it."""
        self._notified = True
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Return at a notification, or after that many seconds."""
        if not self._notified:
            loop = asyncio.get_running_loop()
            self._waiting = loop.create_future()
            timer = loop.call_later(seconds, self.notify)
            try:
                await self._waiting
            finally:
                timer.cancel()
                self._waiting = None
        self._notified = False


class Watches:
    """All watches of the process, by upload id."""

    def __init__(self) -> None:
        self._by_upload: dict[UUID, set[Watch]] = {}
        self._kept: dict[tuple[UUID, str], tuple[Watch, asyncio.TimerHandle]] = {}
        self.count = 0
        self.closed = False

    @contextmanager
    def watch(self, upload_id: UUID, read: str | None = None) -> Iterator[Watch]:
        """Watch an upload: changes from here on notify it, or from the answer on that told what was `read`."""
        watch = self._resumed(upload_id, read) or Watch()
        self._by_upload.setdefault(upload_id, set()).add(watch)
        self.count += 1
        try:
            yield watch
        finally:
            self.count -= 1
            if watch.told is None or not self._keep(upload_id, watch.told, watch):
                self._end(upload_id, watch)

    def _resumed(self, upload_id: UUID, read: str | None) -> Watch | None:
        if read is None or (upload_id, read) not in self._kept:
            return None
        watch, timer = self._kept.pop((upload_id, read))
        timer.cancel()
        watch.is_resumed, watch.told = True, None
        return watch

    def _keep(self, upload_id: UUID, told: str, watch: Watch) -> bool:
        if (upload_id, told) in self._kept or len(self._kept) >= MOST_KEPT:
            return False
        timer = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._forget, upload_id, told)
        self._kept[upload_id, told] = watch, timer
        return True

    def _forget(self, upload_id: UUID, told: str) -> None:
        self._end(upload_id, self._kept.pop((upload_id, told))[0])

    def _end(self, upload_id: UUID, watch: Watch) -> None:
        watches = self._by_upload[upload_id]
        watches.discard(watch)
        if not watches:
            del self._by_upload[upload_id]

    def receive(self, message: bytes) -> None:
        """Wake the watches of the uploads in a message of the projector; all watches if it is empty."""
        if not message:
            self._notify(list(self._by_upload))
        else:
            self._notify([upload_id for upload_id in ids_of(message) if upload_id in self._by_upload])

    async def close_at(self, stopping: asyncio.Event) -> None:
        """Close when `stopping` is set."""
        await stopping.wait()
        self.close()

    def close(self) -> None:
        """Wake all watches, so that no request waits any longer."""
        self.closed = True
        self._notify(list(self._by_upload))

    def _notify(self, upload_ids: list[UUID]) -> None:
        for upload_id in upload_ids:
            for watch in self._by_upload[upload_id]:
                watch.notify()
