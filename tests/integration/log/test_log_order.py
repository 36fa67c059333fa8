"""Appends do not wait for each other, and a reader misses, repeats and reorders none of them."""

import random
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import psycopg
from redis import Redis

from projections.log.event_log import EventLog, LoggedEvent, append_of
from projections.log.follower import Follower
from projections.log.notifications import RedisNotifier, Wakeups
from tests.integration.log.appends import Pool, stored_submission, wait_for_lock
from tests.waiting import until

WRITERS = 12


ATTEMPTS_A_WRITER = 600


EVENTS = 6000
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
