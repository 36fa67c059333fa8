"""PostgreSQL's clock is stepped ahead: every lease has expired at once, and no live run loses its upload to that."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from projections.rows.projector import projector
from tests.fakes.kept_queue import KeptQueue
from tests.fakes.silent_notifier import SilentNotifier
from tests.stepped_clock import SteppedClock
from tests.submissions import submit
from workers.queue.leases import LEASE_SECONDS, Leases
from workers.queue.reconciler import Reconciler

Pool = ConnectionPool[psycopg.Connection[Any]]
STEP = timedelta(hours=1)


class Monotonic:
    """Of this process; it can be told that time has passed, and the database that none has."""

    def __init__(self, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch) -> None:
        self._clock = clock
        self._now = 1000.0
        monkeypatch.setattr("workers.queue.leases.monotonic", lambda: self._now)
        for module in ("reconciler", "clock"):
            monkeypatch.setattr(f"workers.queue.{module}.time", SimpleNamespace(monotonic=lambda: self._now))

    def pass_by(self, seconds: float) -> None:
        """Let time pass, for the database too."""
        self._now += seconds
        self._clock.step(timedelta(seconds=seconds))


@pytest.fixture
def pool(clock: SteppedClock, empty_database_url: str) -> Iterator[Pool]:
    assert clock
    with open_pool(empty_database_url, 4, "test") as pool:
        yield pool


@pytest.fixture
def time(clock: SteppedClock, monkeypatch: pytest.MonkeyPatch) -> Monotonic:
    return Monotonic(clock, monkeypatch)


def test_a_worker_takes_no_lease_that_a_leap_has_let_expire_until_its_run_has_had_a_beat(
    pool: Pool, clock: SteppedClock, time: Monotonic
) -> None:
    live, other = Leases(pool, "live"), Leases(pool, "other")
    lease, dead = live.take(uuid4()), Leases(pool, "dead").take(uuid4())
    assert lease
    assert dead
    other.beat()
    clock.step(STEP)
    assert other.is_held(lease.upload_id)
    assert other.take(lease.upload_id) is None
    live.beat()
    for _ in range(round(LEASE_SECONDS)):
        time.pass_by(1.0)
        live.beat()
    assert other.take(lease.upload_id) is None
    assert other.take(dead.upload_id), "a worker that is gone loses its lease all the same"


def test_a_reconciler_judges_no_worker_right_after_a_leap(pool: Pool, clock: SteppedClock, time: Monotonic) -> None:
    log = EventLog(pool)
    uploads, sent = Uploads(log, SilentNotifier()), KeptQueue()
    reconciler, leases = Reconciler(uploads, pool, sent), Leases(pool, "w")
    upload_id = submit(uploads).id
    assert leases.take(upload_id)
    uploads.start_attempt(uploads.get(upload_id), by="worker:w")
    projector(log, pool).catch_up()
    for _ in range(round(LEASE_SECONDS) + 2):
        reconciler.scan()
        time.pass_by(1.0)
        leases.beat()
    clock.step(STEP)
    reconciler.scan()
    assert sent.upload_ids == []
    for _ in range(round(LEASE_SECONDS) + 2):
        time.pass_by(1.0)
        reconciler.scan()

    assert sent.upload_ids == [upload_id]
