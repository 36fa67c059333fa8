"""The swap of two read models: short, beside queries that hold the tables, and right for every poll."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest

from domain.errors import LogUnavailableError
from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import Pool
from projections.queries.status import SELECT_STATUSES
from projections.rows import models, swap
from projections.rows.models import ReadModelBusyError, ReadModelError, held
from projections.rows.projector import projector
from projections.rows.rebuilding import rebuild
from tests.integration.rebuilding.rows import execute, rows
from tests.integration.test_schema import structure
from tests.submissions import run_to, submit
from tests.waiting import until

JOBS = 100
VERSION = 2
"""The column of the version in SELECT_STATUSES, after the ordinal."""


@contextmanager
def running(*loops: object) -> Iterator[None]:
    """Repeat each of them in a thread of its own. An error in one is raised at the end."""
    stopping = threading.Event()

    def repeat(loop: object) -> None:
        while not stopping.is_set():
            loop()  # type: ignore[operator] # mypy knows no tuple of callables here

    with ThreadPoolExecutor(len(loops)) as threads:
        futures = [threads.submit(repeat, loop) for loop in loops]
        try:
            yield
        finally:
            stopping.set()
        for future in futures:
            future.result()


class Poller:
    """A client of all jobs, with a prepared statement on a connection of its own. What it reads never goes back."""

    def __init__(self, connection: psycopg.Connection, jobs: list[UUID]) -> None:
        self._connection = connection
        self._ids = "{" + ",".join(map(str, jobs)) + "}"
        self._seen = [0] * len(jobs)
        self.polls = 0

    def poll(self) -> None:
        """Read every row."""
        found = self._connection.execute(SELECT_STATUSES, (self._ids,), prepare=True).fetchall()
        versions = [row[VERSION] for row in sorted(found)]
        assert len(versions) == len(self._seen)
        assert [(new, old) for new, old in zip(versions, self._seen, strict=True) if new < old] == []
        self._seen = versions
        self.polls += 1


def test_polls_of_a_hundred_jobs_are_right_at_every_moment(
    database_url: str, uploads: Uploads, event_log: EventLog, pool: Pool
) -> None:
    jobs = sorted(submit(uploads).id for _ in range(JOBS))
    follower = projector(event_log, pool)
    follower.catch_up()
    connections = [psycopg.connect(database_url, autocommit=True) for _ in range(2)]
    pollers = [Poller(connection, jobs) for connection in connections]
    left = iter(jobs)

    def move_on() -> None:
        if job := next(left, None):
            run_to(uploads, job, Stage.COMPLETE)

    with running(*(poller.poll for poller in pollers), follower.step, move_on):
        for _ in range(3):
            before = [poller.polls for poller in pollers]
            assert rebuild(event_log, pool).differences == 0
            until(
                lambda before=before: all(p.polls > b for p, b in zip(pollers, before, strict=True)),  # type: ignore[misc] # mypy knows no default of a lambda
                "the polls stopped",
            )
    for connection in connections:
        connection.close()
    follower.catch_up()
    after = rows(pool)
    rebuild(event_log, pool)
    assert rows(pool) == after


@pytest.mark.usefixtures("lives")
def test_one_that_finds_the_tables_in_use_says_by_whom_and_goes_on_later(
    database_url: str, event_log: EventLog, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap, "TRIES", 2)
    monkeypatch.setattr(swap, "PAUSE_SECONDS", 0)
    before = rows(pool)
    with psycopg.connect(database_url, application_name="a long report") as connection:
        connection.execute("SELECT FROM uploads")
        with pytest.raises(ReadModelError, match="a long report"):
            rebuild(event_log, pool)
        assert rows(pool) == before

    rebuild(event_log, pool)
    assert rows(pool) == before


@pytest.mark.usefixtures("lives")
def test_one_that_waits_for_the_old_kept_rows_keeps_no_poll_waiting(
    database_url: str, event_log: EventLog, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuild(event_log, pool)
    monkeypatch.setattr(swap, "TRIES", 1)
    monkeypatch.setattr(swap, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(swap, "PROJECTOR_SECONDS", 600)
    waits = "SELECT count(*) FROM pg_locks WHERE relation = 'public_previous.uploads'::regclass AND NOT granted"
    locked = (
        "SELECT count(*) FROM pg_locks WHERE relation = 'public.uploads'::regclass AND mode = 'AccessExclusiveLock'"
    )
    with (
        psycopg.connect(database_url, application_name="a long report") as report,
        psycopg.connect(database_url, autocommit=True) as poll,
        ThreadPoolExecutor(1) as threads,
    ):
        report.execute("SELECT FROM public_previous.uploads")
        rebuilt = threads.submit(rebuild, event_log, pool)
        until(lambda: poll.execute(waits).fetchone() == (1,), "the rebuild does not wait for the report")
        held_meanwhile = poll.execute(locked).fetchone()
        report.rollback()
        assert rebuilt.result().differences == 0
    assert held_meanwhile == (0,)


@pytest.mark.usefixtures("lives")
def test_one_whose_connection_is_lost_in_the_swap_changes_nothing_and_goes_on(
    database_url: str, event_log: EventLog, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(pool), structure(database_url)

    def lose(connection: psycopg.Connection, *_: object) -> None:
        connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patched:
        patched.setattr(models, "note_kept", lose)
        with pytest.raises(LogUnavailableError):
            rebuild(event_log, pool)
    assert (rows(pool), structure(database_url)) == before

    rebuild(event_log, pool)
    assert (rows(pool), structure(database_url)) == before


@pytest.mark.usefixtures("lives")
def test_two_do_not_build_the_same_read_model(event_log: EventLog, pool: Pool) -> None:
    with held(pool, "public_next"), pytest.raises(ReadModelBusyError):
        rebuild(event_log, pool)
    rebuild(event_log, pool)


@pytest.mark.usefixtures("lives")
def test_views_over_the_tables_read_the_new_rows_for_the_same_people(event_log: EventLog, pool: Pool) -> None:
    execute(pool, "CREATE SCHEMA reports")
    execute(pool, "CREATE VIEW reports.mine WITH (security_barrier=true) AS SELECT count(*) AS n FROM public.uploads")
    execute(pool, "GRANT SELECT ON reports.mine TO darkroom_analyst")
    query = "SELECT relacl::text, reloptions FROM pg_class WHERE oid = 'reports.mine'::regclass"
    with pool.connection() as connection:
        before = connection.execute(query).fetchall()
        rebuild(event_log, pool)
        execute(pool, "DELETE FROM uploads")

        assert connection.execute("SELECT n FROM reports.mine").fetchall() == [(0,)]
        assert connection.execute("SELECT count(*) FROM due_uploads").fetchall() == [(0,)]
        assert connection.execute(query).fetchall() == before
