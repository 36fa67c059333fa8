"""The event log on a real PostgreSQL: appends do not wait for each other, and reads miss no event."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import RecordConflictError, StoredEvent
from psycopg_pool import ConnectionPool
from redis import Redis

from domain.errors import IdempotencyConflictError, LogUnavailableError, LogUnreachedError, UploadNotFoundError
from domain.mapper import EventMapper
from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.connections import open_pool
from projections.log.event_log import EventLog, LoggedEvent, append_of
from projections.log.follower import Follower
from projections.log.notifications import RedisNotifier, Wakeups
from projections.log.schema import migrate
from tests.fakes.silent_notifier import SilentNotifier
from tests.integration.submissions import WORKER, run_to, submit
from tests.linux_processes import frozen
from tests.servers import running_postgres
from tests.unit.histories import submitted
from tests.waiting import until
from workers.queue.leases import Leases

Pool = ConnectionPool[psycopg.Connection[Any]]

WRITERS = 12
ATTEMPTS_A_WRITER = 600
EVENTS = 6000
"""How many of them are committed, at least."""
PAGE = 50


def stored_submission() -> StoredEvent:
    stored = EventMapper().to_stored_event(submitted().events[0])
    return StoredEvent(uuid4(), 1, stored.topic, stored.state)


def test_what_was_appended_is_read_back(uploads: Uploads) -> None:
    upload = run_to(uploads, submit(uploads), Stage.COMPLETE)

    assert uploads.get(upload.id) == upload


def test_an_upload_can_be_seen_as_it_was_at_a_version(uploads: Uploads) -> None:
    upload = run_to(uploads, submit(uploads), Stage.GENERATING)

    assert uploads.get(upload.id, version=3).stage is Stage.VALIDATING


def test_an_upload_that_was_never_submitted_is_not_found(uploads: Uploads) -> None:
    with pytest.raises(UploadNotFoundError):
        uploads.get(uuid4())


def test_two_writers_cannot_both_append_a_version(event_log: EventLog) -> None:
    stored = stored_submission()
    event_log.insert_events([stored])

    with pytest.raises(RecordConflictError):
        event_log.insert_events([stored])


def test_the_same_submission_again_finds_the_first_one(uploads: Uploads) -> None:
    upload = submit(uploads)

    assert submit(uploads, upload.id) == upload


def test_another_sessions_submission_under_the_same_id_is_refused(uploads: Uploads) -> None:
    upload = submit(uploads)

    with pytest.raises(IdempotencyConflictError):
        submit(uploads, upload.id, session_hash="d" * 64)


def test_a_command_that_meets_a_conflict_is_run_again(event_log: EventLog, pool: Pool, uploads: Uploads) -> None:
    upload = uploads.start_attempt(submit(uploads).id, by=WORKER)
    racing = RacingLog(pool, lambda: uploads.advance(upload.id, Stage.VALIDATING, 10, attempt=1, by=WORKER))

    after = Uploads(racing, SilentNotifier()).cancel(upload.id, by="session:abc")

    assert [logged.name for logged in event_log.history(upload.id)][-2:] == ["upload.stage-advanced", "upload.failed"]
    assert after.progress == 10


def test_an_append_whose_answer_got_lost_counts_once(event_log: EventLog, pool: Pool) -> None:
    upload = submit(Uploads(LossyLog(pool), SilentNotifier()))

    assert [logged.version for logged in event_log.history(upload.id)] == [1]


def test_an_append_that_was_never_sent_is_not_looked_for(pool: Pool) -> None:
    with pytest.raises(LogUnreachedError):
        submit(Uploads(UnreachableLog(pool), SilentNotifier()))


def test_the_log_refuses_to_be_changed(pool: Pool, uploads: Uploads) -> None:
    submit(uploads)

    for statement in ("DELETE FROM event_log", "UPDATE event_log SET version = 2", "TRUNCATE event_log"):
        with pool.connection() as connection, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(statement)


def test_a_database_that_cannot_be_reached_is_unavailable() -> None:
    with open_pool("postgresql:///nowhere?host=/nonexistent", 1, "test") as pool:
        pool.timeout = 0.1
        with pytest.raises(LogUnavailableError):
            EventLog(pool).last_position()


def test_a_database_that_is_read_only_is_unavailable(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
    with open_pool(database_url, 1, "test") as pool:
        with pytest.raises(LogUnavailableError):
            submit(Uploads(EventLog(pool), SilentNotifier()))
        with pytest.raises(LogUnavailableError):
            Leases(pool, "w").take(uuid4())


def test_a_connection_that_the_server_has_closed_causes_no_error(database_url: str) -> None:
    with open_pool(database_url, 1, "test") as pool, psycopg.connect(database_url) as other:
        with pool.connection() as connection:
            ended = connection.info.backend_pid
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (ended,))

        EventLog(pool).insert_events([stored_submission()])


def test_an_append_is_planned_once_for_a_connection(database_url: str) -> None:
    with open_pool(database_url, 1, "test") as pool:
        for _ in range(10):
            EventLog(pool).insert_events([stored_submission()])
        with pool.connection() as connection:
            plans = "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE '%INSERT%'"
            assert connection.execute(plans).fetchall() == [(5, 5)], "five times it tries whether values help"


def test_events_that_are_appended_together_get_positions_in_the_order_of_their_versions(event_log: EventLog) -> None:
    first = stored_submission()
    second = StoredEvent(first.originator_id, 2, first.topic, first.state)

    event_log.insert_events([second, first])

    assert [row.version for row in event_log.read(0, 10)] == [1, 2]


def test_a_server_that_stands_still_is_given_up_and_asked_again() -> None:
    with running_postgres() as postgres, open_pool(postgres.url, 1, "test", statement_seconds=0.5) as pool:
        migrate(postgres.url)
        event_log = EventLog(pool)
        assert event_log.last_position() == 0
        with frozen(postgres.pid):
            for _ in range(2):
                with pytest.raises(LogUnavailableError):
                    event_log.last_position()
        until(lambda: answers(event_log), "it is away for good")


def answers(event_log: EventLog) -> bool:
    try:
        return event_log.last_position() == 0
    except LogUnavailableError:
        return False


def test_a_reader_waits_for_a_writer_that_has_a_position_and_has_not_committed(
    database_url: str, event_log: EventLog
) -> None:
    with psycopg.connect(database_url) as slow:
        slow.execute(*append_of([stored_submission()]))
        event_log.insert_events([stored_submission()])  # the later position is visible, the earlier one is not
        seen: list[int] = []
        reader = threading.Thread(target=lambda: seen.extend(row.position for row in event_log.read(0, 10)))
        reader.start()
        wait_for_lock(database_url)
        assert seen == []
        slow.commit()
        reader.join(10)

    assert seen == [1, 2]


def test_a_reader_passes_over_a_position_that_was_rolled_back(database_url: str, event_log: EventLog) -> None:
    with psycopg.connect(database_url) as undecided:
        undecided.execute(*append_of([stored_submission()]))
        undecided.rollback()
    event_log.insert_events([stored_submission()])

    assert [row.position for row in event_log.read(0, 10)] == [2]


def test_writers_do_not_wait_for_each_other(database_url: str, event_log: EventLog) -> None:
    with psycopg.connect(database_url) as slow:
        slow.execute(*append_of([stored_submission()]))

        assert event_log.insert_events([stored_submission()]) == [2]


def test_no_reader_misses_repeats_or_reorders_an_event_whatever_the_writers_do(
    database_url: str, valkey_url: str, event_log: EventLog, pool: Pool
) -> None:
    pages: list[list[list[int]]] = [[], []]
    with ExitStack() as stack:
        redis = stack.enter_context(Redis.from_url(valkey_url))
        readers = [following(stack, redis, event_log, pool, seen) for seen in pages]
        notifier = RedisNotifier(redis)
        stack.callback(notifier.close)
        writers = [threading.Thread(target=write, args=(database_url, seed, notifier)) for seed in range(WRITERS)]
        for thread in writers:
            thread.start()
        for thread in writers:
            thread.join(60)
        end = event_log.last_position()
        until(lambda: {reader.position() for reader in readers} == {end}, "the readers do not come to the end")

    with psycopg.connect(database_url) as connection:
        committed = [row[0] for row in connection.execute("SELECT position FROM event_log ORDER BY position")]
    assert EVENTS <= len(committed) < committed[-1], "some were to be rolled back"
    for seen in pages:
        assert [position for page in seen for position in page] == committed
        assert sum(len(page) < PAGE for page in seen) > 10, "the reader was to catch up with the writers now and then"


def following(stack: ExitStack, redis: Redis, event_log: EventLog, pool: Pool, seen: list[list[int]]) -> Follower:
    """A reader at work, woken by notifications, that notes the positions of every page."""

    def note(_: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> None:
        seen.append([logged.position for logged in page])

    reader = Follower(f"reader-{uuid4().hex}", event_log, pool, note, page=PAGE)
    wakeups, stopping = Wakeups(redis), threading.Event()
    thread = threading.Thread(target=reader.run, args=(stopping, wakeups))
    thread.start()
    stack.callback(thread.join)
    stack.callback(wakeups.close)
    stack.callback(stopping.set)
    return reader


def write(database_url: str, seed: int, notifier: RedisNotifier) -> None:
    dice = random.Random(seed)
    with psycopg.connect(database_url) as connection:
        for _ in range(ATTEMPTS_A_WRITER):
            connection.execute(*append_of([stored_submission() for _ in range(dice.choice((1, 1, 1, 2)))]))
            time.sleep(dice.choice((0, 0, 0.002, 0.01)))  # a commit that takes its time: what the test is about
            if dice.random() < 0.15:
                connection.rollback()
            else:
                connection.commit()
                notifier.notify()


def wait_for_lock(database_url: str) -> None:
    """Wait until a session waits for an advisory lock of the database."""
    deadline = time.monotonic() + 10
    with psycopg.connect(database_url, autocommit=True) as connection:
        query = "SELECT FROM pg_locks JOIN pg_database d ON d.oid = database WHERE NOT granted AND datname = %s"
        while connection.execute(query, (connection.info.dbname,)).fetchone() is None:
            assert time.monotonic() < deadline, "no session waits"


class RacingLog(EventLog):
    """A log in which another writer appends just before the first append."""

    def __init__(self, pool: Pool, first: Callable[[], object]) -> None:
        super().__init__(pool)
        self._first = first

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        first, self._first = self._first, lambda: None
        first()
        return super().insert_events(stored_events)


class LossyLog(EventLog):
    """A log whose connection is lost after the COMMIT, so that the writer gets no answer."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        super().insert_events(stored_events)
        raise LogUnavailableError


class UnreachableLog(EventLog):
    """A log to which nothing can be sent. A read fails the test."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        raise LogUnreachedError

    def select_events(self, originator_id: UUID | str, **_: object) -> Sequence[StoredEvent]:
        raise AssertionError("nothing was sent, so there is nothing to look for")
