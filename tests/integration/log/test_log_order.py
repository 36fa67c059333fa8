"""Appends do not wait for each other, and a reader misses, repeats and reorders none of them."""

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from redis import Redis

from projections.log.appending import APPEND_LOCK, append_of
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.follower import Follower
from projections.log.notifications import RedisNotifier, Wakeups
from tests.integration.log.appends import Pool, stored_submission, wait_for_lock
from tests.waiting import until

WRITERS = 12


ATTEMPTS_A_WRITER = 300


EVENTS = 3000
"""How many of them are committed, at least."""


PAGE = 50


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
        reader.join(60)

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


@pytest.mark.parametrize("events", [1, 2])
def test_an_append_takes_no_position_before_it_has_the_lock(
    database_url: str, event_log: EventLog, pool: Pool, events: int
) -> None:
    with psycopg.connect(database_url) as holding, ThreadPoolExecutor(1) as threads:
        holding.execute("SELECT pg_advisory_xact_lock(%s)", (APPEND_LOCK,))
        append = threads.submit(event_log.insert_events, [stored_submission() for _ in range(events)])
        wait_for_lock(database_url)
        with pool.connection() as connection:
            given = connection.execute("SELECT is_called FROM event_log_position_seq").fetchone()
        holding.rollback()

        assert given == (False,)
        assert append.result(60) == list(range(1, events + 1))


def test_no_reader_misses_repeats_or_reorders_an_event_whatever_the_writers_do(
    database_url: str, valkey_url: str, event_log: EventLog, pool: Pool
) -> None:
    pages: list[list[list[int]]] = [[], []]
    with ExitStack() as stack:
        redis = stack.enter_context(Redis.from_url(valkey_url))
        readers = [following(stack, redis, event_log, pool, seen) for seen in pages]
        notifier = RedisNotifier(redis)
        stack.callback(notifier.close)
        writers = stack.enter_context(ThreadPoolExecutor(WRITERS))
        for written in [writers.submit(write, database_url, seed, notifier, pages) for seed in range(WRITERS)]:
            written.result()
        end = event_log.last_position()
        until(lambda: {reader.position() for reader in readers} == {end}, "the readers do not come to the end")

    with psycopg.connect(database_url) as connection:
        committed = [row[0] for row in connection.execute("SELECT position FROM event_log ORDER BY position")]
    assert EVENTS <= len(committed) < committed[-1], "some were to be rolled back"
    for seen in pages:
        assert [position for page in seen for position in page] == committed


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


def has_read_at_the_end(seen: list[list[int]]) -> bool:
    """Whether the reader has caught up with the writers now and then: only there could it miss an event."""
    return sum(len(page) < PAGE for page in seen) > 10


def write(database_url: str, seed: int, notifier: RedisNotifier, pages: list[list[list[int]]]) -> None:
    """Append many times, and then slowly until every reader has caught up often enough."""
    dice = random.Random(seed)
    with psycopg.connect(database_url) as connection:
        for attempt in count():
            if attempt >= ATTEMPTS_A_WRITER:
                if all(map(has_read_at_the_end, pages)):
                    return
                time.sleep(0.1)
            connection.execute(*append_of([stored_submission() for _ in range(dice.choice((1, 1, 1, 2)))]))
            time.sleep(dice.choice((0, 0, 0.002, 0.01)))  # a commit that takes its time: what the test is about
            if dice.random() < 0.15:
                connection.rollback()
            else:
                connection.commit()
                notifier.notify()
