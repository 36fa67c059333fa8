"""A reader of the log: handles it page by page, and saves its position in the same transaction.

Several processes may run the same reader: the row of the position is their lock, so one handles a page and the others
skip it. If one freezes, PostgreSQL ends its transaction after a timeout, which releases the lock.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from functools import partial
from threading import Event
from typing import Any, Final, NamedTuple

import psycopg
from psycopg_pool import ConnectionPool

from domain.errors import LogUnavailableError, UnavailableError
from projections.log.connections import translated
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.notifications import Wakeups
from projections.log.pages import Pages
from projections.log.throttled import ThrottledWarning
from projections.log.uncollected import uncollected

Handle = Callable[["psycopg.Connection[Any]", Sequence[LoggedEvent]], int | None]
"""Handles a page. Returns None for the whole page, or the number of events handled, at least one."""
AfterCommit = Callable[[Sequence[LoggedEvent]], None]
"""Called with a handled page after the commit. Must not block."""

PAGE: Final = 1000
UNHURRIED_SECONDS: Final = 1.0
"""The pause of readers on which nothing waits: they handle what a second brought at once."""
POLL_SECONDS: Final = 0.5
"""How long a lost notification delays a reader; one that pauses for longer is delayed by its pause."""
PAUSES: Final = (0.2, 0.5, 1.0, 2.0)
"""Seconds between tries while a dependency is unavailable; the last value repeats."""

SELECT_POSITION: Final = "SELECT position FROM positions WHERE reader = %s"
INSERT_POSITION: Final = "INSERT INTO positions (reader) VALUES (%s) ON CONFLICT DO NOTHING"
MOVE_POSITION: Final = """
UPDATE positions SET position = %(to)s, updated_at = clock_timestamp()
WHERE reader = %(reader)s AND position = %(from)s
"""

paused = ThrottledWarning("reader.paused")


class Follower:
    """Passes every event of the log to `handle`, in order. Writes over the given connection happen exactly once."""

    def __init__(
        self,
        reader: str,
        event_log: EventLog,
        pool: ConnectionPool[psycopg.Connection[Any]],
        handle: Handle,
        *,
        singly: Handle | None = None,
        page: int | None = None,
        after_commit: AfterCommit = lambda _: None,
        pause: float = 0,
        concerns: Collection[str] | None = None,
    ) -> None:
        """With a pause, a reader that keeps up waits so many seconds after a page: a large page costs less an event.

        `singly` handles a page again in a new transaction, if PostgreSQL refused a value that `handle` wrote.

        `concerns` are the names of the only events that `handle` looks at; a page without one is not passed to it,
        and no notification of others wakes the reader.
        """
        self.reader = reader
        self._pool = pool
        self._handle = handle
        self._singly = singly
        self._size = page or PAGE
        self._pages = Pages(event_log, self._size)
        self._pause = pause
        self.concerns = concerns
        self._keeps_up = False
        self._is_through = False
        """Whether the last page was handled whole and was the last one when it was read."""
        self._after_commit = after_commit
        self._moved_to: int | None = None
        """The position that this process saved last; None if another process may have moved it."""

    def position(self) -> int:
        """The last position that was handled."""
        with translated(), self._pool.connection() as connection:
            row = connection.execute(SELECT_POSITION, (self.reader,)).fetchone()
            if row is None:
                connection.execute(INSERT_POSITION, (self.reader,))
        return int(row[0]) if row else 0

    @uncollected()
    def step(self) -> bool:
        """Handle the next page; False if there was none."""
        position = self.position() if self._moved_to is None else self._moved_to
        page = self._pages.after(position)
        self._is_through = False
        if not page:
            return False
        self._keeps_up = len(page) < self._size
        self._moved_to = None  # unknown if a statement below fails
        move = {"reader": self.reader, "from": position, "to": page[-1].position}
        concerned = self.concerns is None or any(logged.name in self.concerns for logged in page)
        handle = self._handle if concerned else None
        try:
            done = self._handled(page, move, handle)
        except (psycopg.IntegrityError, psycopg.DataError):
            if not self._singly:
                raise
            done = self._handled(page, move, self._singly)
        if done:
            self._moved_to = page[done - 1].position
            self._is_through = self._pages.is_last and done == len(page)
            self._after_commit(page[:done])
        return True

    def _handled(self, page: Sequence[LoggedEvent], move: dict[str, Any], handle: Handle | None) -> int:
        """How many events of the page were handled; 0 if another process handles it."""
        # A page that is not handled takes one statement, with no transaction around it.
        with (
            translated(),
            self._pool.connection() as connection,
            connection.transaction() if handle else nullcontext(),
        ):
            # The first process that moves the position handles the page; another waits here and then updates no row.
            if not connection.execute(MOVE_POSITION, move).rowcount:
                return 0
            done = handle(connection, page) if handle else None
            if done:
                connection.execute(MOVE_POSITION, {**move, "from": move["to"], "to": page[done - 1].position})
        return done or len(page)

    def catch_up(self) -> None:
        """Handle pages until there are no more."""
        self._moved_to = None
        while self.step():
            pass

    def run(self, stopping: Event, wakeups: Wakeups) -> None:
        """Follow the log until `stopping` is set. If a dependency is unavailable, wait and try again."""
        failures = 0
        while not stopping.is_set():
            try:
                if self.step():
                    if self._keeps_up:
                        stopping.wait(self._pause)
                    if not self._is_through:
                        continue
                failures = 0
                if not wakeups.wait(max(POLL_SECONDS, self._pause)):
                    self._moved_to = None  # an operator may have changed the position by hand
            except UnavailableError as error:
                if failures or not isinstance(error, LogUnavailableError):  # one lost connection is nothing to warn of
                    paused.warn(str(error), reader=self.reader, cause=repr(error.__cause__))
                stopping.wait(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1


class Reader(NamedTuple):
    """A follower of the log, with its subscription."""

    follower: Follower
    wakeups: Wakeups

    def run_until(self, stopping: Event) -> Callable[[], None]:
        """The target of the reader's thread."""
        return partial(self.follower.run, stopping, self.wakeups)
