"""A follower reads as often as it has to: not again behind the last page, and again where something may be left."""

from collections.abc import Sequence
from threading import Event
from typing import Any

import psycopg

from projections.log.appending import append_of
from projections.log.event_log import EventLog, LoggedEvent, Page
from projections.log.follower import Follower, Handle
from projections.log.notifications import Wakeups
from tests.integration.log.appends import Pool, stored_submission


class WatchedLog(EventLog):
    """A log that remembers from where it was read."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.reads: list[int] = []

    def page(self, after: int, limit: int) -> Page:
        self.reads.append(after)
        return super().page(after, limit)


class OneWait(Wakeups):
    """Wakeups that end the follower at its first wait."""

    def __init__(self) -> None:
        self.stopping = Event()

    def wait(self, seconds: float) -> bool:
        self.stopping.set()
        return True


def reads_before_the_first_wait(pool: Pool, handle: Handle, page: int | None = None) -> list[int]:
    log, wakeups = WatchedLog(pool), OneWait()
    Follower("watched", log, pool, handle, page=page).run(wakeups.stopping, wakeups)
    return log.reads


def whole(_: psycopg.Connection[Any], __: Sequence[LoggedEvent]) -> None:
    """Handle the page."""


def one(_: psycopg.Connection[Any], __: Sequence[LoggedEvent]) -> int:
    """Handle the first event of the page."""
    return 1


def test_behind_the_last_page_it_waits_without_reading_again(event_log: EventLog, pool: Pool) -> None:
    event_log.insert_events([stored_submission()])
    assert reads_before_the_first_wait(pool, whole) == [0]


def test_behind_a_full_page_it_reads_again(event_log: EventLog, pool: Pool) -> None:
    event_log.insert_events([stored_submission()])
    assert reads_before_the_first_wait(pool, whole, page=1) == [0, 1]


def test_behind_a_page_that_it_handled_in_part_it_reads_again(event_log: EventLog, pool: Pool) -> None:
    for _ in range(2):
        event_log.insert_events([stored_submission()])
    assert reads_before_the_first_wait(pool, one) == [0, 1]


def test_behind_a_gap_it_reads_again(database_url: str, event_log: EventLog, pool: Pool) -> None:
    event_log.insert_events([stored_submission()])
    with psycopg.connect(database_url) as undecided:
        undecided.execute(*append_of([stored_submission()]))
        undecided.rollback()
    event_log.insert_events([stored_submission()])
    assert reads_before_the_first_wait(pool, whole) == [0, 1, 3]
