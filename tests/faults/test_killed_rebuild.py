"""A rebuild of the read model is killed at one exact place: the old one serves on, and the next try ends well."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, Final

import psycopg
import pytest

from domain.stages import Stage
from tests.acceptance.service import clean_environment
from tests.faults.processes import ROOT
from tests.integration.rebuilding.rows import rows
from tests.integration.test_schema import structure
from tests.lives import Lives

WHILE_OLD: Final = ("model.applied", "model.built", "model.settled", "model.comparing", "model.exchanged")
ROWS: Final = "SELECT upload_id, version, stage FROM uploads ORDER BY upload_id"
SCHEMAS: Final = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'public%' ORDER BY 1"


@pytest.fixture
def lives(database_url: str, tmp_path: Path) -> Iterator[Lives]:
    """Uploads in several stages, all in the rows."""
    with Lives(database_url, tmp_path) as lives:
        for stage in (Stage.GENERATING, Stage.STORING, Stage.COMPLETE, Stage.COMPLETE):
            lives.reached(stage)
        lives.failed(Stage.GENERATING)
        lives.project()
        yield lives


@contextmanager
def polled(database_url: str) -> Iterator[None]:
    """Someone reads the rows all the time, with a prepared statement: each time they are the same."""
    stopping = Event()

    def poll() -> set[tuple[Any, ...]]:
        found = set()
        with psycopg.connect(database_url, autocommit=True) as connection:
            while not stopping.is_set():
                found.add(tuple(connection.execute(ROWS, prepare=True).fetchall()))
        return found

    with ThreadPoolExecutor(1) as threads:
        found = threads.submit(poll)
        try:
            yield
        finally:
            stopping.set()
    assert len(found.result()) == 1


@pytest.mark.parametrize("point", [*WHILE_OLD, "model.swapped"])
def test_a_killed_rebuild_changes_no_row_and_the_next_one_ends_well(
    lives: Lives, database_url: str, valkey_url: str, point: str
) -> None:
    settings = {
        "DATABASE_URL": database_url,
        "REDIS_URL": valkey_url,
        "SECRET_KEYS": "a key of these tests that is long enough",
    }

    def rebuild(*points: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "tests.failpoints", "rebuild", *points]
        environment = clean_environment(**settings)
        return subprocess.run(
            program, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    before = rows(lives.pool), structure(database_url)
    with polled(database_url):
        killed = rebuild(f"{point}=kill")
        assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
        assert (rows(lives.pool), structure(database_url)) == before
        old_serves_on = point in WHILE_OLD
        assert ("public_next" in schemas(lives), "public_previous" in schemas(lives)) == (
            old_serves_on,
            not old_serves_on,
        )

    lives.complete()
    lives.project()
    went_on = rows(lives.pool)
    assert len(went_on) > len(before[0])
    with polled(database_url):
        done = rebuild()
        assert done.returncode == 0, done.stdout + done.stderr
    assert "The old rows of 0 uploads were not what the log says." in done.stdout
    assert (rows(lives.pool), structure(database_url)) == (went_on, before[1])
    assert schemas(lives) == ["public", "public_previous"]


def schemas(lives: Lives) -> list[str]:
    """Those of the read models."""
    with lives.pool.connection() as connection:
        return [name for (name,) in connection.execute(SCHEMAS)]
