"""A database with the known history, and a connection that may do what an analyst may."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from projections.statistics.stage_statistics import STATISTICS
from tests.integration.history.exports import run
from tests.integration.history.injuries import FILL, injure
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


@pytest.fixture
def filled_url(known_url: str) -> str:
    """A log of three pages, with a gap at its 100th position."""
    with psycopg.connect(known_url) as connection:
        connection.execute(FILL)
        injure(connection, "DELETE FROM event_log WHERE position = 100")
    return known_url


@pytest.fixture
def head(filled_url: str, tmp_path: Path) -> Path:
    """A head that was kept."""
    done = run(filled_url, "events", "head", "--json", folder=tmp_path / "data")
    assert done.exit_code == 0, done.output
    kept = tmp_path / "head.json"
    kept.write_text(done.stdout)
    return kept
