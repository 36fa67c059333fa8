"""Stored events for the tests that append them by hand, a log that races, and a wait for a lock."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg_pool import ConnectionPool

from projections.log.event_log import EventLog
from tests.unit.histories import submitted
from tests.waiting import until
from tests.whole_json import whole

Pool = ConnectionPool[psycopg.Connection[Any]]


def stored_submission() -> StoredEvent:
    stored = whole(submitted().events[0])
    return StoredEvent(uuid4(), 1, stored.topic, stored.state)


def wait_for_lock(database_url: str) -> None:
    """Wait until a session waits for an advisory lock of the database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        query = "SELECT FROM pg_locks JOIN pg_database d ON d.oid = database WHERE NOT granted AND datname = %s"
        name = (connection.info.dbname,)
        until(lambda: connection.execute(query, name).fetchone() is not None, "no session waits")


class RacingLog(EventLog):
    """A log in which another writer appends just before the first append."""

    def __init__(self, pool: Pool, first: Callable[[], object]) -> None:
        super().__init__(pool)
        self._first = first

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        first, self._first = self._first, lambda: None
        first()
        return super().insert_events(stored_events)
