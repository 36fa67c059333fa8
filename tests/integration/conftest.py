"""The log, the projector and uploads with a history, on a real PostgreSQL."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from tests.fakes.silent_notifier import SilentNotifier


@pytest.fixture
def pool(database_url: str) -> Iterator[ConnectionPool[psycopg.Connection[Any]]]:
    """Connections to the test's own database."""
    with open_pool(database_url, 20, "test") as pool:
        pool.wait()  # on a busy machine the first connection takes longer than a command may wait
        yield pool


@pytest.fixture
def event_log(pool: ConnectionPool[psycopg.Connection[Any]]) -> EventLog:
    """The event log on PostgreSQL."""
    return EventLog(pool)


@pytest.fixture
def uploads(event_log: EventLog) -> Uploads:
    """The application on that log."""
    return Uploads(event_log, SilentNotifier())
