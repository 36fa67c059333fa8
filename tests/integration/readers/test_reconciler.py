"""The reconciler sends again what stands still, and gives up what lost three workers."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
import structlog

from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.rows.projector import projector
from tests.integration.readers.reading import PATIENCE, FakeTime, Pool, Queue, set_back
from tests.submissions import WORKER, run_to, submit
from tests.waiting import until
from workers.queue.actors import SENDING_SECONDS
from workers.queue.leases import LEASE_SECONDS, Leases
from workers.queue.reconciler import BREAK_SECONDS, Reconciler


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """The reconciler's."""
    clock = FakeTime()
    monkeypatch.setattr("workers.queue.reconciler.time", clock)
    return clock


@pytest.fixture
def reconciler(uploads: Uploads, pool: Pool, queue: Queue, clock: FakeTime) -> Reconciler:
    """One that has seen PostgreSQL for long enough to judge."""
    reconciler = Reconciler(uploads, pool, queue)
    see_for(reconciler, clock, LEASE_SECONDS)
    return reconciler


def see_for(reconciler: Reconciler, clock: FakeTime, seconds: float) -> None:
    """Let it scan now and every second, for so long."""
    reconciler.scan()
    for _ in range(round(seconds)):
        clock.now += 1
        reconciler.scan()


def test_a_fresh_submission_is_left_to_the_dispatcher(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, reconciler: Reconciler
) -> None:
    upload = submit(uploads)
    projector(event_log, pool).catch_up()
    reconciler.scan()
    assert queue.sent == []

    set_back(pool, upload.id, 11)
    reconciler.scan()
    assert queue.sent == [upload.id]


def test_an_upload_that_stays_where_it_is_is_sent_again_and_not_at_every_scan(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, reconciler: Reconciler
) -> None:
    upload = submit(uploads)
    projector(event_log, pool).catch_up()
    set_back(pool, upload.id, 11)
    for _ in range(3):
        reconciler.scan()

    assert queue.sent == [upload.id]
    Reconciler(uploads, pool, queue).scan()  # another process knows nothing of that
    assert queue.sent == [upload.id] * 2


def test_a_retry_whose_time_has_come_is_sent_at_once(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, reconciler: Reconciler
) -> None:
    due, later = (run_to(uploads, submit(uploads).id, Stage.GENERATING) for _ in range(2))
    for upload, minutes in ((due, -1), (later, 5)):
        retry_at = datetime.now(UTC) + timedelta(minutes=minutes)
        uploads.execute(
            upload.id,
            Upload.fail_attempt,
            FailureCode.GENERATION_UNAVAILABLE,
            retry_at,
            stage=Stage.GENERATING,
            attempt=1,
            by=WORKER,
        )
    projector(event_log, pool).catch_up()
    reconciler.scan()

    assert queue.sent == [due.id]


def test_a_run_whose_lease_lives_is_left_alone_and_one_that_lost_it_is_sent(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, reconciler: Reconciler
) -> None:
    held, lost = (run_to(uploads, submit(uploads).id, Stage.GENERATING) for _ in range(2))
    Leases(pool, "alive").take(held.id)
    projector(event_log, pool).catch_up()
    reconciler.scan()

    assert queue.sent == [lost.id]


def test_an_upload_that_lost_three_workers_is_given_up(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, reconciler: Reconciler, clock: FakeTime
) -> None:
    upload = lost_three_times(uploads)
    projector(event_log, pool).catch_up()
    reconciler.scan()
    see_for(reconciler, clock, 11)  # the row still says so; the upload knows better

    assert uploads.get(upload).error_code is FailureCode.WORKER_LOST
    assert queue.sent == []


def lost_three_times(uploads: Uploads) -> UUID:
    upload = submit(uploads)
    for _ in range(3):
        uploads.start_attempt(uploads.get(upload.id), by=WORKER)
    return upload.id


@pytest.mark.parametrize(
    ("version", "name"), [(5, "upload.teleported"), (6, "upload.attempt-started")], ids=["unknown event", "gap"]
)
def test_an_upload_that_cannot_be_read_is_not_given_up_and_does_not_block_the_others(
    event_log: EventLog,
    pool: Pool,
    uploads: Uploads,
    queue: Queue,
    reconciler: Reconciler,
    clock: FakeTime,
    version: int,
    name: str,
) -> None:
    broken = lost_three_times(uploads)
    lost = run_to(uploads, submit(uploads).id, Stage.GENERATING)
    projector(event_log, pool).catch_up()
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO event_log (upload_id, version, name, event_id, actor, correlation_id, schema_version, state)"
            " SELECT upload_id, %s, %s, gen_random_uuid(), actor, correlation_id, schema_version, state FROM event_log"
            " WHERE upload_id = %s AND version = 4",
            (version, name, broken),
        )
    with structlog.testing.capture_logs() as logs:
        see_for(reconciler, clock, 9)

    assert queue.sent == [lost.id]
    assert [entry["upload_id"] for entry in logs if entry["event"] == "reconciler.not_given_up"] == [str(broken)]


def test_a_reconciler_that_has_just_begun_judges_no_worker_before_all_could_move_their_leases(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, clock: FakeTime
) -> None:
    lost, waiting = run_to(uploads, submit(uploads).id, Stage.GENERATING), submit(uploads)
    projector(event_log, pool).catch_up()
    set_back(pool, waiting.id, 11)
    reconciler = Reconciler(uploads, pool, queue)
    see_for(reconciler, clock, LEASE_SECONDS - 1)
    assert queue.sent == [waiting.id], "an upload without a lease is sent at once"
    see_for(reconciler, clock, 1)

    assert queue.sent == [waiting.id, waiting.id, lost.id]


def test_a_reconciler_that_lost_sight_of_the_database_judges_no_worker_before_all_could_move_their_leases(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, reconciler: Reconciler, clock: FakeTime
) -> None:
    lost = run_to(uploads, submit(uploads).id, Stage.GENERATING)
    projector(event_log, pool).catch_up()
    clock.now += BREAK_SECONDS + 0.5
    see_for(reconciler, clock, LEASE_SECONDS - 1)
    assert queue.sent == []
    see_for(reconciler, clock, 1)

    assert queue.sent == [lost.id]


def test_a_scan_that_fails_is_a_break_however_short(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, reconciler: Reconciler, clock: FakeTime
) -> None:
    with pool.connection() as connection:
        connection.execute("ALTER VIEW due_uploads RENAME TO elsewhere")
    stopping = threading.Event()
    with structlog.testing.capture_logs() as logs:
        thread = threading.Thread(target=reconciler.run, args=(stopping,))
        thread.start()
        until(lambda: any(entry["event"] == "reconciler.paused" for entry in logs), "no scan fails")
        stopping.set()
        thread.join(PATIENCE)
    with pool.connection() as connection:
        connection.execute("ALTER VIEW elsewhere RENAME TO due_uploads")
    lost = run_to(uploads, submit(uploads).id, Stage.GENERATING)
    projector(event_log, pool).catch_up()
    see_for(reconciler, clock, LEASE_SECONDS - 1)
    assert queue.sent == []
    see_for(reconciler, clock, 1)

    assert queue.sent == [lost.id]


def test_a_scan_of_a_slow_queue_ends_in_time_and_the_next_one_goes_on_from_there(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, reconciler: Reconciler, clock: FakeTime
) -> None:
    lost = [run_to(uploads, submit(uploads).id, Stage.GENERATING).id for _ in range(3)]
    projector(event_log, pool).catch_up()
    queue.on_send = lambda: setattr(clock, "now", clock.now + SENDING_SECONDS * 0.7)
    reconciler.scan()
    assert len(queue.sent) == 2
    reconciler.scan()

    assert sorted(queue.sent) == sorted(lost)


def test_of_two_reconcilers_one_works(
    database_url: str, event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, reconciler: Reconciler
) -> None:
    upload = submit(uploads)
    projector(event_log, pool).catch_up()
    set_back(pool, upload.id, 11)
    with psycopg.connect(database_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (0x6461726B_726563,))
        reconciler.scan()
        assert queue.sent == []
    reconciler.scan()

    assert queue.sent == [upload.id]


def test_a_reconciler_survives_a_queue_that_is_away(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, reconciler: Reconciler
) -> None:
    upload = submit(uploads)
    projector(event_log, pool).catch_up()
    set_back(pool, upload.id, 11)
    queue.away = True
    stopping = threading.Event()
    thread = threading.Thread(target=reconciler.run, args=(stopping,))
    thread.start()
    until(lambda: queue.refused > 0, "it asks for no run")
    queue.away = False
    until(lambda: len(queue.sent) > 0, "it does not go on")
    stopping.set()
    thread.join(PATIENCE)

    assert queue.sent == [upload.id]
