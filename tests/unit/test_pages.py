"""Pages of the log: in order, with the next one read ahead, and never the page of another position."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import pytest

from domain.errors import LogUnavailableError
from projections.log.event_log import EventLog, LoggedEvent, Page
from projections.log.pages import Pages
from tests.waiting import until

LENGTH: Final = 25
SIZE: Final = 10


class ShortLog(EventLog):
    """A log of LENGTH events that records its reads and can be unavailable."""

    def __init__(self) -> None:
        self.reads: list[int] = []
        self.is_away = False

    def page(self, after: int, limit: int) -> Page:
        """The events after a position."""
        if self.is_away:
            raise LogUnavailableError
        self.reads.append(after)
        now = datetime.now(UTC)
        rows = [LoggedEvent(at, UUID(int=1), at, "", "", now) for at in range(after + 1, LENGTH + 1)]
        return Page(rows[:limit], is_last=len(rows) < limit)


def positions(page: Sequence[LoggedEvent]) -> list[int]:
    """The positions of the events of a page."""
    return [logged.position for logged in page]


def test_the_next_page_is_read_ahead_and_none_beyond_the_last_one() -> None:
    log = ShortLog()
    pages = Pages(log, SIZE)

    assert positions(pages.after(0)) == [*range(1, 11)]
    until(lambda: log.reads == [0, 10], "the next page is read by itself")
    assert positions(pages.after(10)) == [*range(11, 21)]
    until(lambda: log.reads == [0, 10, 20], "the next page is read by itself")
    assert positions(pages.after(20)) == [*range(21, 26)]
    assert positions(pages.after(25)) == []
    assert log.reads == [0, 10, 20, 25]


def test_a_read_from_another_position_does_not_return_the_page_read_ahead() -> None:
    pages = Pages(ShortLog(), SIZE)

    pages.after(0)

    assert positions(pages.after(17)) == [*range(18, 26)]
    assert positions(pages.after(0)) == [*range(1, 11)]


def test_an_error_while_reading_ahead_is_raised_for_that_page_which_is_then_read_again() -> None:
    log = ShortLog()
    pages = Pages(log, SIZE)
    pages.after(0)
    until(lambda: log.reads == [0, 10], "the next page is read by itself")
    log.is_away = True
    pages.after(10)

    with pytest.raises(LogUnavailableError):
        pages.after(20)
    log.is_away = False

    assert positions(pages.after(20)) == [*range(21, 26)]
