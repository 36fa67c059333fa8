"""Followers of the log, their notifications, the dispatcher and the reconciler, on real PostgreSQL and Valkey."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import structlog
from psycopg_pool import ConnectionPool
from redis import Redis

from domain.errors import QueueUnavailableError
from domain.failures import FailureCode
from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.follower import Follower
from projections.log.notifications import RedisNotifier, Wakeups
from projections.rows.projector import projector
from tests.integration.submissions import WORKER, run_to, submit
from workers.queue.actors import SENDING_SECONDS, DramatiqQueue, run_broker, run_worker, stop_taking
from workers.queue.depth import queue_depth
from workers.queue.dispatcher import dispatcher
from workers.queue.leases import LEASE_SECONDS, Leases
from workers.queue.reconciler import BREAK_SECONDS, Reconciler

Pool = ConnectionPool[psycopg.Connection[Any]]

PATIENCE = 10.0


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


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    with Redis.from_url(valkey_url, socket_timeout=2) as client:
        yield client


@pytest.fixture
def wakeups(redis: Redis) -> Iterator[Wakeups]:
    wakeups = Wakeups(redis)
    yield wakeups
    wakeups.close()


class FakeTime:
    """A clock that stands still until a test moves it."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


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


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        threading.Event().wait(0.01)


def set_back(pool: Pool, upload_id: UUID, seconds: float) -> None:
    """As if nothing had happened to the upload for so long."""
    with pool.connection() as connection:
        connection.execute(
            "UPDATE uploads SET updated_at = updated_at - make_interval(secs => %s) WHERE upload_id = %s",
            (seconds, upload_id),
        )


def test_submissions_and_retries_become_runs_and_nothing_else_does(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue
) -> None:
    first, second = submit(uploads), submit(uploads)
    run_to(uploads, first, Stage.COMPLETE)
    uploads.cancel(second.id, by="session:abc")
    uploads.retry(second.id, by="session:abc")
    dispatcher(event_log, pool, queue).catch_up()

    assert queue.sent == [first.id, second.id, second.id]


def test_a_run_that_could_not_be_sent_is_sent_later(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue
) -> None:
    upload = submit(uploads)
    reader = dispatcher(event_log, pool, queue)
    queue.away = True
    with pytest.raises(QueueUnavailableError):
        reader.catch_up()
    queue.away = False
    reader.catch_up()

    assert queue.sent == [upload.id]


def test_a_page_that_a_slow_queue_takes_too_long_for_is_sent_in_parts_and_nothing_twice(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_ids = [submit(uploads).id for _ in range(5)]
    clock = FakeTime()
    monkeypatch.setattr("workers.queue.dispatcher.monotonic", clock.monotonic)
    queue.on_send = lambda: setattr(clock, "now", clock.now + SENDING_SECONDS * 0.7)
    reader = dispatcher(event_log, pool, queue)
    reader.step()
    assert (len(queue.sent), reader.position()) == (2, 2)
    reader.catch_up()

    assert queue.sent == upload_ids
    assert reader.position() == event_log.last_position()


def test_a_follower_goes_on_by_itself_when_its_dependency_comes_back(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, wakeups: Wakeups
) -> None:
    upload = submit(uploads)
    queue.away = True
    with following(dispatcher(event_log, pool, queue), wakeups):
        until(lambda: queue.refused)
        queue.away = False
        until(lambda: queue.sent)

    assert queue.sent == [upload.id]


def test_a_follower_survives_the_loss_of_its_connections(
    database_url: str, event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, wakeups: Wakeups
) -> None:
    with following(dispatcher(event_log, pool, queue), wakeups):
        submit(uploads)
        until(lambda: len(queue.sent) == 1)
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        submit(uploads)
        until(lambda: len(queue.sent) == 2)


def test_two_followers_of_one_name_handle_each_event_once(event_log: EventLog, pool: Pool, uploads: Uploads) -> None:
    for _ in range(200):
        submit(uploads)
    handled: list[int] = []

    def handle(_: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> None:
        handled.extend(logged.position for logged in page)

    followers = [Follower("twins", event_log, pool, handle) for _ in range(2)]
    threads = [threading.Thread(target=follower.catch_up) for follower in followers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert handled == list(range(1, 201))


def test_an_append_wakes_a_follower_long_before_its_next_poll(
    event_log: EventLog, redis: Redis, wakeups: Wakeups
) -> None:
    notifier = RedisNotifier(redis)
    uploads = Uploads(event_log, notifier)
    assert wakeups.wait(PATIENCE), "the first notification is the subscription's own"
    submit(uploads)

    assert wakeups.wait(PATIENCE)
    notifier.close()


def test_a_notifier_without_redis_does_not_block() -> None:
    with Redis.from_url("unix:///nonexistent", socket_timeout=1) as nowhere:
        notifier = RedisNotifier(nowhere)
        wakeups = Wakeups(nowhere)
        notifier.notify()
        assert not wakeups.wait(0.01)
        wakeups.close()
        notifier.close()


def test_a_notification_between_two_waits_is_kept(redis: Redis, wakeups: Wakeups) -> None:
    notifier, heard = RedisNotifier(redis), Wakeups(redis)
    assert wakeups.wait(PATIENCE)
    assert heard.wait(PATIENCE)
    notifier.notify()

    assert heard.wait(PATIENCE), "the first wait returns the notification ..."
    assert wakeups.wait(PATIENCE), "... and so does the wait of the other subscription"
    notifier.close()
    heard.close()


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
    due, later = (run_to(uploads, submit(uploads), Stage.GENERATING) for _ in range(2))
    for upload, minutes in ((due, -1), (later, 5)):
        retry_at = datetime.now(UTC) + timedelta(minutes=minutes)
        uploads.fail_attempt(
            upload.id, FailureCode.GENERATION_UNAVAILABLE, retry_at, stage=Stage.GENERATING, attempt=1, by=WORKER
        )
    projector(event_log, pool).catch_up()
    reconciler.scan()

    assert queue.sent == [due.id]


def test_a_run_whose_lease_lives_is_left_alone_and_one_that_lost_it_is_sent(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, reconciler: Reconciler
) -> None:
    held, lost = (run_to(uploads, submit(uploads), Stage.GENERATING) for _ in range(2))
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
        uploads.start_attempt(upload.id, by=WORKER)
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
    lost = run_to(uploads, submit(uploads), Stage.GENERATING)
    projector(event_log, pool).catch_up()
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO event_log (upload_id, version, name, state) SELECT upload_id, %s, %s,"
            " state || jsonb_build_object('event_id', gen_random_uuid()) FROM event_log"
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
    lost, waiting = run_to(uploads, submit(uploads), Stage.GENERATING), submit(uploads)
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
    lost = run_to(uploads, submit(uploads), Stage.GENERATING)
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
        until(lambda: [entry for entry in logs if entry["event"] == "reconciler.paused"])
        stopping.set()
        thread.join(PATIENCE)
    with pool.connection() as connection:
        connection.execute("ALTER VIEW elsewhere RENAME TO due_uploads")
    lost = run_to(uploads, submit(uploads), Stage.GENERATING)
    projector(event_log, pool).catch_up()
    see_for(reconciler, clock, LEASE_SECONDS - 1)
    assert queue.sent == []
    see_for(reconciler, clock, 1)

    assert queue.sent == [lost.id]


def test_a_scan_of_a_slow_queue_ends_in_time_and_the_next_one_goes_on_from_there(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, reconciler: Reconciler, clock: FakeTime
) -> None:
    lost = [run_to(uploads, submit(uploads), Stage.GENERATING).id for _ in range(3)]
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
    until(lambda: queue.refused)
    queue.away = False
    until(lambda: queue.sent)
    stopping.set()
    thread.join(PATIENCE)

    assert queue.sent == [upload.id]


def test_a_lease_is_kept_alive_for_all_runs_of_a_worker_together(pool: Pool, uploads: Uploads) -> None:
    first, second = submit(uploads), submit(uploads)
    leases = Leases(pool, "alive")
    assert leases.take(first.id)
    assert leases.take(second.id)
    with pool.connection() as connection:
        connection.execute("UPDATE leases SET expires_at = clock_timestamp() + interval '1 s'")
    stopping = threading.Event()
    thread = threading.Thread(target=leases.keep_alive, args=(stopping,))
    thread.start()
    until(lambda: shortest_lease(pool) > 5)
    stopping.set()
    thread.join(PATIENCE)

    assert not Leases(pool, "other").take(first.id)


def shortest_lease(pool: Pool) -> float:
    with pool.connection() as connection:
        row = connection.execute(
            "SELECT extract(epoch FROM min(expires_at) - clock_timestamp())::float FROM leases"
        ).fetchone()
    return float(row[0]) if row else 0.0


def test_a_message_runs_its_upload_and_is_gone_whatever_became_of_it(redis: Redis) -> None:
    broker = run_broker(redis)
    runs: list[UUID] = []

    def run(upload_id: UUID) -> None:
        runs.append(upload_id)
        raise ZeroDivisionError

    worker = run_worker(broker, run, 2)
    worker.start()
    upload_id = UUID(int=7)
    DramatiqQueue(broker).send(upload_id)
    broker.join("runs", timeout=int(PATIENCE * 1000))
    worker.stop()

    assert runs == [upload_id]


def test_a_worker_that_stops_taking_leaves_what_is_sent_then_to_the_others(redis: Redis) -> None:
    broker = run_broker(redis)
    runs: list[UUID] = []
    worker = run_worker(broker, runs.append, 2)
    worker.start()
    DramatiqQueue(broker).send(UUID(int=7))
    broker.join("runs", timeout=int(PATIENCE * 1000))
    stop_taking(worker)
    DramatiqQueue(broker).send(UUID(int=8))
    worker.stop()

    assert runs == [UUID(int=7)]
    assert queue_depth(redis).waiting == 1


def test_a_queue_that_is_away_says_so_at_once() -> None:
    with Redis.from_url("unix:///nonexistent", socket_timeout=1) as nowhere, pytest.raises(QueueUnavailableError):
        DramatiqQueue(run_broker(nowhere)).send(UUID(int=7))


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
