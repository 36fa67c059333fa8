"""PostgreSQL's clock has stepped back: stored times lie ahead, and nothing waits for longer than it would have."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from domain.failures import FailureCode
from domain.state import LONGEST_WAIT
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.queries.figures import read_samples
from tests.fakes.kept_queue import KeptQueue
from tests.fakes.silent_notifier import SilentNotifier
from tests.integration.recent import completed
from tests.submissions import submit
from workers.errors import PassingError
from workers.queue.leases import LEASE_SECONDS, Leases
from workers.queue.reconciler import Reconciler
from workers.runs.calls import FAILURES, LONGEST_PROBE_SECONDS, Calls

Pool = ConnectionPool[psycopg.Connection[Any]]
STEP = timedelta(minutes=11)


def step_back(pool: Pool, table: str, *columns: str) -> None:
    """Move the stored times ahead, as a clock that steps back does."""
    moved = ", ".join(f"{column} = {column} + %(step)s" for column in columns)
    with pool.connection() as connection:
        connection.execute(f"UPDATE {table} SET {moved}".encode(), {"step": STEP})


def seconds_left(pool: Pool) -> list[float]:
    with pool.connection() as connection:
        rows = connection.execute("SELECT extract(epoch FROM expires_at - clock_timestamp())::float FROM leases")
        return [seconds for (seconds,) in rows]


def insert_row(pool: Pool, upload_id: UUID, *, retry: bool = False) -> None:
    """A pending upload, which may wait for its retry."""
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO uploads (upload_id, version, created_at, updated_at, retry_at) VALUES (%s, 1,"
            " clock_timestamp(), clock_timestamp(), CASE WHEN %s THEN clock_timestamp() + interval '5 s' END)",
            (upload_id, retry),
        )


def test_the_lease_of_a_dead_worker_lasts_no_longer_than_a_lease(pool: Pool) -> None:
    Leases(pool, "dead").take(uuid4())
    step_back(pool, "leases", "expires_at")
    assert seconds_left(pool)[0] > LEASE_SECONDS
    Leases(pool, "new").beat()

    assert seconds_left(pool)[0] <= LEASE_SECONDS


def test_a_live_worker_loses_no_lease_to_the_step(pool: Pool) -> None:
    live = Leases(pool, "live")
    lease = live.take(uuid4())
    assert lease
    step_back(pool, "leases", "expires_at")
    other = Leases(pool, "other")
    other.beat()
    assert other.take(lease.upload_id) is None
    live.beat()

    assert live.is_ours(lease)
    assert seconds_left(pool)[0] <= LEASE_SECONDS


@pytest.mark.parametrize("ended", [True, False])
def test_the_expired_lease_of_an_ended_upload_is_removed_and_no_other(pool: Pool, *, ended: bool) -> None:
    if ended:
        completed(pool, 1)
        with pool.connection() as connection:
            row = connection.execute("SELECT upload_id FROM uploads").fetchone()
        assert row
        upload_id = row[0]
    else:
        upload_id = uuid4()
        insert_row(pool, upload_id)
    Leases(pool, "dead").take(upload_id)
    Leases(pool, "live").beat()
    assert len(seconds_left(pool)) == 1, "it has not expired"
    with pool.connection() as connection:
        connection.execute("UPDATE leases SET expires_at = clock_timestamp() - interval '2 minutes'")
    Leases(pool, "live").beat()

    assert len(seconds_left(pool)) == (0 if ended else 1)


@pytest.mark.parametrize("retry", [True, False])
def test_the_reconciler_sends_an_upload_whose_last_event_lies_ahead(pool: Pool, *, retry: bool) -> None:
    upload_id, sent = uuid4(), KeptQueue()
    insert_row(pool, upload_id, retry=retry)
    reconciler = Reconciler(Uploads(EventLog(pool), SilentNotifier()), pool, sent)
    reconciler.scan()
    assert sent.upload_ids == []
    step_back(pool, "uploads", "updated_at", "retry_at")
    reconciler.scan()

    assert sent.upload_ids == [upload_id]


def test_the_reconciler_sends_an_upload_whose_retry_lies_further_ahead_than_one_can(pool: Pool) -> None:
    upload_id, sent = uuid4(), KeptQueue()
    insert_row(pool, upload_id, retry=True)
    reconciler = Reconciler(Uploads(EventLog(pool), SilentNotifier()), pool, sent)
    for ahead, is_sent in ((LONGEST_WAIT - STEP, []), (LONGEST_WAIT + STEP, [upload_id])):
        with pool.connection() as connection:
            connection.execute("UPDATE uploads SET retry_at = clock_timestamp() + %s", (ahead,))
        reconciler.scan()
        assert sent.upload_ids == is_sent


def test_the_view_of_due_uploads_knows_the_longest_wait(pool: Pool) -> None:
    with pool.connection() as connection:
        (definition,) = connection.execute("SELECT pg_get_viewdef('due_uploads'::regclass)").fetchone() or ("",)
    assert f"{LONGEST_WAIT}".zfill(8) in definition


@pytest.mark.usefixtures("log_may_change")
def test_a_last_event_that_lies_ahead_tells_that_the_clock_was_set_back(pool: Pool, uploads: Uploads) -> None:
    upload_id, leases = submit(uploads).id, Leases(pool, "w")
    assert not leases.is_set_back(upload_id)
    step_back(pool, "event_log", "recorded_at")

    assert leases.is_set_back(upload_id)


@pytest.fixture
def log_may_change(pool: Pool) -> Iterator[None]:
    """Without the triggers that keep the log as it was written."""
    with pool.connection() as connection:
        connection.execute("ALTER TABLE event_log DISABLE TRIGGER USER")
    yield
    with pool.connection() as connection:
        connection.execute("ALTER TABLE event_log ENABLE TRIGGER USER")


def test_the_breaker_waits_no_longer_than_its_longest_pause(pool: Pool) -> None:
    calls = Calls(pool, "gemini/test", None)
    for _ in range(FAILURES):
        with pytest.raises(PassingError), calls.judged():
            raise PassingError(FailureCode.GENERATION_UNAVAILABLE)
    step_back(pool, "image_models", "failed_at", "down_since", "next_call_at")
    assert calls.refusal()
    with pool.connection() as connection:
        row = connection.execute(
            "SELECT extract(epoch FROM next_call_at - clock_timestamp())::float,"
            " failed_at <= clock_timestamp() AND down_since <= clock_timestamp() FROM image_models"
        ).fetchone()

    assert row
    assert row[0] <= LONGEST_PROBE_SECONDS
    assert row[1]


def test_a_breaker_that_is_closed_is_not_opened_by_the_step(pool: Pool) -> None:
    calls = Calls(pool, "gemini/test", None)
    with pytest.raises(PassingError), calls.judged():
        raise PassingError(FailureCode.GENERATION_UNAVAILABLE)
    assert calls.refusal() is None
    step_back(pool, "image_models", "failed_at", "next_call_at")

    assert calls.refusal() is None


def test_a_call_counts_against_the_budget_for_an_hour_at_most(pool: Pool) -> None:
    calls = Calls(pool, "gemini/test", 1)
    calls.admit(uuid4(), 1)
    step_back(pool, "generation_calls", "called_at")
    refusal = calls.refusal()
    assert refusal
    assert refusal.code is FailureCode.GENERATION_BUDGET_SPENT
    with pool.connection() as connection:
        rows = connection.execute("SELECT called_at <= clock_timestamp() FROM generation_calls").fetchall()

    assert rows == [(True,)]


def test_a_lease_from_before_the_step_is_no_live_one(uploads: Uploads, pool: Pool) -> None:
    upload_id = submit(uploads).id
    assert Leases(pool, "gone").take(upload_id)
    assert told(pool)["leases_live"] == 1
    step_back(pool, "leases", "expires_at")

    assert told(pool)["leases_live"] == told(pool)["workers_running"] == 0


def test_the_view_of_live_leases_knows_how_long_a_lease_lasts(pool: Pool) -> None:
    with pool.connection() as connection:
        (definition,) = connection.execute("SELECT pg_get_viewdef('live_leases'::regclass)").fetchone() or ("",)
    assert f"{timedelta(seconds=LEASE_SECONDS)}".zfill(8) in definition


def test_an_upload_that_was_due_before_the_step_stands_still(pool: Pool) -> None:
    insert_row(pool, uuid4())
    assert told(pool)["uploads_standing_still"] == 0
    step_back(pool, "uploads", "updated_at")

    assert told(pool)["uploads_standing_still"] == 1
    assert told(pool)["uploads_oldest_due_seconds"] == 0


def told(pool: Pool) -> dict[str, float]:
    """The figures without labels, by their names."""
    return {sample.gauge.name: sample.value for sample in read_samples(pool) if not sample.labels}
