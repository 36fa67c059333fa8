"""A reader of the log: takes it page by page and moves its position on in the transaction of what it made of a page.

Several may run under one name: the row of the position is their lock, so one handles a page and the others find it
done. One that freezes loses its transaction, and with it the lock, to PostgreSQL's own timeout.
"""

from collections.abc import Callable, Sequence
from threading import Event
from typing import Any, Final

import psycopg
import structlog
from psycopg_pool import ConnectionPool

from domain.errors import LogUnavailableError, UnavailableError
from projections.log.connections import translated
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.notifications import Wakeups
from projections.log.pages import Pages

Handle = Callable[["psycopg.Connection[Any]", Sequence[LoggedEvent]], int | None]
"""Makes something of a page; returns how many events that were, at least one, where it was not the whole page."""
Tell = Callable[[Sequence[LoggedEvent]], None]
"""Is told of a page that is done with, after the commit; it returns at once."""

PAGE: Final = 1000
POLL_SECONDS: Final = 0.5
"""How long a lost wake-up is felt."""
PAUSES: Final = (0.2, 0.5, 1.0, 2.0)
"""Seconds between tries while a dependency is away; the last one stays."""

SELECT_POSITION: Final = "SELECT position FROM positions WHERE reader = %s"
INSERT_POSITION: Final = "INSERT INTO positions (reader) VALUES (%s) ON CONFLICT DO NOTHING"
MOVE_POSITION: Final = """
UPDATE positions SET position = %(to)s, updated_at = clock_timestamp()
WHERE reader = %(reader)s AND position = %(from)s
"""

log = structlog.get_logger(__name__)


class Follower:
    """Hands every event of the log to `handle`, in order; once, as far as that writes by the connection given."""

    def __init__(
        self,
        reader: str,
        event_log: EventLog,
        pool: ConnectionPool[psycopg.Connection[Any]],
        handle: Handle,
        *,
        page: int | None = None,
        tell: Tell = lambda _: None,
    ) -> None:
        self.reader = reader
        self._pool = pool
        self._handle = handle
        self._pages = Pages(event_log, page or PAGE)
        self._tell = tell
        self._moved_to: int | None = None
        """Where this one has moved the position to, as long as nobody else is known to have moved it since."""

    def position(self) -> int:
        """The last position that is done with."""
        with translated(), self._pool.connection() as connection:
            row = connection.execute(SELECT_POSITION, (self.reader,)).fetchone()
            if row is None:
                connection.execute(INSERT_POSITION, (self.reader,))
        return int(row[0]) if row else 0

    def step(self) -> bool:
        """Handle the next page; False if there is none."""
        position = self.position() if self._moved_to is None else self._moved_to
        page = self._pages.after(position)
        if not page:
            return False
        self._moved_to = None  # unknown, should anything fail from here on
        with translated(), self._pool.connection() as connection, connection.transaction():
            move = {"reader": self.reader, "from": position, "to": page[-1].position}
            # Whoever moves the position first has the page; another waits here, and then finds it gone.
            ours = bool(connection.execute(MOVE_POSITION, move).rowcount)
            if ours and (done := self._handle(connection, page)):
                page = page[:done]
                connection.execute(MOVE_POSITION, {**move, "from": move["to"], "to": page[-1].position})
        if ours:
            self._moved_to = page[-1].position
            self._tell(page)
        return True

    def catch_up(self) -> None:
        """Handle pages until there is none."""
        self._moved_to = None
        while self.step():
            pass

    def run(self, stopping: Event, wakeups: Wakeups) -> None:
        """Follow the log until told to stop. A dependency that is away is a pause, not the end."""
        failures = 0
        while not stopping.is_set():
            try:
                if self.step():
                    continue
                failures = 0
                if not wakeups.wait(POLL_SECONDS):
                    self._moved_to = None  # whoever sets a position by hand is heard, too
            except UnavailableError as error:
                level = log.info if isinstance(error, LogUnavailableError) and not failures else log.warning
                level("reader.paused", reader=self.reader, error=str(error), cause=repr(error.__cause__))
                stopping.wait(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1
