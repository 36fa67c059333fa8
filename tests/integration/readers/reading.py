"""A queue, a clock and a thread for the readers of the log."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from domain.errors import QueueUnavailableError
from projections.log.follower import Follower
from projections.log.notifications import Wakeups

Pool = ConnectionPool[psycopg.Connection[Any]]


PATIENCE = 60.0
"""In seconds, for what a busy machine does at some time."""


class Queue:
    """A queue that can be away, and remembers what it was sent."""

    def __init__(self) -> None:
        self.sent: list[UUID] = []
        self.refused = 0
        self.away = False
        self.on_send: Callable[[], object] = lambda: None

    def send(self, upload_id: UUID) -> None:
        if self.away:
            self.refused += 1
            raise QueueUnavailableError
        self.sent.append(upload_id)
        self.on_send()


class FakeTime:
    """A clock that stands still until a test moves it."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


def set_back(pool: Pool, upload_id: UUID, seconds: float) -> None:
    """As if nothing had happened to the upload for so long."""
    with pool.connection() as connection:
        connection.execute(
            "UPDATE uploads SET updated_at = updated_at - make_interval(secs => %s) WHERE upload_id = %s",
            (seconds, upload_id),
        )


class following:  # noqa: N801 - reads as a context
    """A follower in a thread of its own."""

    def __init__(self, follower: Follower, wakeups: Wakeups) -> None:
        self._stopping = threading.Event()
        self._wakeups = wakeups
        self._thread = threading.Thread(target=follower.run, args=(self._stopping, wakeups))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._wakeups.close()
        self._thread.join(PATIENCE)
