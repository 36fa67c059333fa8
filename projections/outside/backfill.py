"""Sends history to PostHog: the ends of uploads that the live reader never sent, with their original times.

Each capture has the id that the live reader gives it, so PostHog counts none twice. How far a backfill came is kept in
`backfills`; the next one with the same beginning goes on there.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

import structlog
from msgspec import Struct, field
from psycopg.rows import class_row

from projections.log.event_log import EventLog, LoggedEvent
from projections.log.pages import Pages
from projections.log.pools import Pool, connected
from projections.outside.analytics import Capture, Sink, capture_of
from projections.outside.posthog import AnalyticsUnavailableError

PAGE: Final = 1000
"""In events of the log."""
PAUSES: Final = (1.0, 5.0, 15.0, 30.0)
"""Seconds between tries while PostHog does not answer. After the last one the backfill ends."""
Advance = Callable[[int], None]

SELECT: Final = "SELECT since, until, position FROM backfills WHERE since = %s"
BEGIN: Final = """
INSERT INTO backfills (since, until, position) VALUES (%(since)s, %(until)s, %(since)s)
ON CONFLICT (since) DO UPDATE SET until = excluded.until, position = excluded.position, updated_at = clock_timestamp()
"""
MOVE: Final = "UPDATE backfills SET position = %s, updated_at = clock_timestamp() WHERE since = %s"

log = structlog.get_logger(__name__)


class Backfill(Struct, frozen=True):
    """How far history was sent: from after `since` up to `position`, of what there was up to `until`."""

    since: int
    until: int
    position: int

    @property
    def is_complete(self) -> bool:
        """Whether all of it was sent."""
        return self.position >= self.until


class Sums(Struct):
    """How many captures of each name there are, and the time of the first and of the last."""

    captures: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def add(self, captures: Iterable[Capture]) -> None:
        """Count them."""
        for capture in captures:
            self.captures[capture.name] += 1
            self.first = self.first or capture.at
            self.last = capture.at


def open_backfill(event_log: EventLog, pool: Pool, since: int, *, again: bool = False) -> Backfill:
    """The backfill that begins after a position: as far as it came, or from its beginning."""
    with connected(pool) as connection:
        cursor = connection.cursor(row_factory=class_row(Backfill))
        found = cursor.execute(SELECT, (since,)).fetchone()
        if found is None or again:
            found = Backfill(since, event_log.last_position(), since)
            connection.execute(BEGIN, {"since": since, "until": found.until})
    return found


def send(
    event_log: EventLog,
    pool: Pool,
    sink: Sink,
    backfill: Backfill,
    *,
    rate: float,
    advance: Advance = lambda _: None,
) -> Sums:
    """Send what is left of a backfill, at most so many captures a second. Raises AnalyticsUnavailableError."""
    sums = Sums()
    for page in _pages(event_log, backfill.position, backfill.until):
        for batch in _batches(_captures(event_log, page), rate):
            began = time.monotonic()
            _deliver(sink, list(batch.values()))
            sums.add(batch.values())
            _move(pool, backfill, max(batch))
            time.sleep(max(len(batch) / rate - (time.monotonic() - began), 0))
        _move(pool, backfill, page[-1].position)
        advance(page[-1].position - backfill.since)
    _move(pool, backfill, backfill.until)
    return sums


def count(event_log: EventLog, since: int, advance: Advance = lambda _: None) -> Sums:
    """What a backfill from after a position would send. Sends and writes nothing."""
    sums = Sums()
    for page in _pages(event_log, since, event_log.last_position()):
        sums.add(_captures(event_log, page).values())
        advance(page[-1].position - since)
    return sums


def _pages(event_log: EventLog, after: int, until: int) -> Iterator[Sequence[LoggedEvent]]:
    pages = Pages(event_log, PAGE)
    while after < until and (page := [logged for logged in pages.after(after) if logged.position <= until]):
        yield page
        after = page[-1].position


def _captures(event_log: EventLog, page: Sequence[LoggedEvent]) -> dict[int, Capture]:
    """By the position of their event."""
    return {logged.position: capture for logged in page if (capture := capture_of(event_log, logged))}


def _batches(captures: Mapping[int, Capture], rate: float) -> Iterator[dict[int, Capture]]:
    """As many together as a second allows."""
    rest = iter(captures.items())
    while batch := dict(islice(rest, max(int(rate), 1))):
        yield batch


def _move(pool: Pool, backfill: Backfill, position: int) -> None:
    with connected(pool) as connection:
        connection.execute(MOVE, (position, backfill.since))


def _deliver(sink: Sink, captures: Sequence[Capture]) -> None:
    for pause in PAUSES:
        try:
            sink.deliver(captures)
        except AnalyticsUnavailableError as error:
            log.info("backfill.paused", seconds=pause, error=repr(error.__cause__))
            time.sleep(pause)
        else:
            return
    sink.deliver(captures)
