"""Pages of the log: in order, the next one read ahead, and nothing of another position handed out for it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import pytest

from domain.errors import LogUnavailableError
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.pages import Pages
from tests.waiting import until

LENGTH: Final = 25
SIZE: Final = 10


class ShortLog(EventLog):
    """A log of LENGTH events that remembers what was read of it, and may be away."""

    def __init__(self) -> None:
        self.reads: list[int] = []
        self.is_away = False

    def read(self, after: int, limit: int) -> Sequence[LoggedEvent]:
        """The events after a position."""
        if self.is_away:
            raise LogUnavailableError
        self.reads.append(after)
        now = datetime.now(UTC)
        return [LoggedEvent(at, UUID(int=1), at, "", "", now) for at in range(after + 1, LENGTH + 1)][:limit]


def positions(page: Sequence[LoggedEvent]) -> list[int]:
    """Where the events of a page stand."""
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


def test_whoever_goes_on_elsewhere_is_not_given_what_was_read_ahead() -> None:
    pages = Pages(ShortLog(), SIZE)

    pages.after(0)

    assert positions(pages.after(17)) == [*range(18, 26)]
    assert positions(pages.after(0)) == [*range(1, 11)]


def test_what_fails_ahead_fails_when_it_is_asked_for_and_is_read_anew_afterwards() -> None:
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
