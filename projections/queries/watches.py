"""Wakes the requests that wait for a change of an upload, on one event loop.

A process receives each change once, however many requests wait for it. It knows no rows: a request that is woken reads
the row again, and all requests for one upload share one query.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from projections.log.notifications import ids_of


class Watch:
    """One request that waits. A notification between two waits is kept."""

    __slots__ = ("_notified", "_waiting")

    def __init__(self) -> None:
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
        self.count = 0
        self.closed = False

    @contextmanager
    def watch(self, upload_id: UUID) -> Iterator[Watch]:
        """Watch an upload: changes from here on notify it."""
        watch = Watch()
        watches = self._by_upload.setdefault(upload_id, set())
        watches.add(watch)
        self.count += 1
        try:
            yield watch
        finally:
            self.count -= 1
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
