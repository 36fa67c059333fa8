"""A database with the known history, and a connection that may do what an analyst may."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from projections.log.connections import open_pool
from projections.log.event_log import EventLog
from projections.statistics.stage_statistics import STATISTICS
from tests.integration.history.known import fill


@pytest.fixture
def known_url(database_url: str) -> str:
    """A database that holds the known history, and the statistics of it."""
    fill(database_url)
    with open_pool(database_url, 2, "test") as pool:
        pool.wait()
        STATISTICS.follower(EventLog(pool), pool).catch_up()
    return database_url


@pytest.fixture
def analyst(known_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection in the role of the analysts."""
    with psycopg.connect(known_url, autocommit=True) as connection:
        connection.execute("SET ROLE darkroom_analyst")
        yield connection
