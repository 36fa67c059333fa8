"""The event log on PostgreSQL: appends events and reads them in order. It does not know what the events mean.

Positions come from a sequence, so a reader may see 7 before 6 is committed. A writer takes a shared advisory lock
before it gets a position, and holds it until its commit is visible. A reader reads up to the first gap. If the gap is
at the start, the reader takes the same lock exclusively for a moment, which waits for the current writers. Positions
that a new statement still does not see were rolled back.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.persistence import AggregateRecorder, IntegrityError, StoredEvent
from msgspec import Struct
from psycopg.rows import args_row
from psycopg_pool import ConnectionPool

from domain.events import Event
from domain.mapper import Envelope, EventMapper, LoggedState
from projections.log.appending import APPEND_LOCK, APPEND_ONE, append_of, texts_of
from projections.log.clock import read_clock
from projections.log.connections import translated

COLUMNS: Final = """
position, upload_id, version, name, state::text, recorded_at, event_id, actor, correlation_id, schema_version
"""
SELECT_STREAM: Final = f"""
SELECT {COLUMNS} FROM event_log
WHERE upload_id = %(upload_id)s AND version > %(gt)s AND version <= %(lte)s
ORDER BY version {{direction}} LIMIT %(limit)s
"""  # noqa: S608 - names of our own
SELECT_PAGE: Final = f"""
SELECT {COLUMNS} FROM event_log
WHERE position > %s ORDER BY position LIMIT %s
"""  # noqa: S608 - names of our own
SELECT_IDS: Final = """
SELECT DISTINCT upload_id FROM event_log
WHERE upload_id BETWEEN %s AND %s ORDER BY upload_id LIMIT %s
"""
SELECT_LAST_POSITION: Final = "SELECT coalesce(max(position), 0) FROM event_log"
AWAIT_WRITERS: Final = "SELECT pg_advisory_xact_lock(%s)"

MAX_VERSION: Final = 2**31 - 1


class LoggedEvent(Struct, frozen=True, gc=False):
    """A row of the log: an event, its position, and when it was recorded by the clock of PostgreSQL.

    The fields are COLUMNS, in the same order. What the state has of the envelope is valid instead of the columns.
    """

    position: int
    upload_id: UUID
    version: int
    name: str
    state: str
    recorded_at: datetime
    event_id: UUID | None = None
    actor: str | None = None
    correlation_id: UUID | None = None
    schema_version: int | None = None

    @property
    def event(self) -> Event:
        """The event. Raises MapperDeserialisationError if it cannot be read."""
        return _mapper().read(self.upload_id, self.version, self.name, self.state, self.envelope)

    @property
    def envelope(self) -> Envelope | None:
        """The columns that hold the envelope; None for a row that has none, as an earlier export."""
        if self.event_id is None or self.actor is None:
            return None
        correlation_id = self.correlation_id.hex if self.correlation_id else None
        return Envelope(self.schema_version, self.event_id, self.actor, correlation_id)

    @property
    def columns(self) -> dict[str, Any]:
        """The values of the envelope that have a column, by name."""
        envelope = self.envelope
        return envelope.given if envelope else {}

    @property
    def facts(self) -> dict[str, Any]:
        """The whole JSON. An object that cannot be decoded is shown as its text, under `unreadable`."""
        columns = self.columns
        if self.event_id is not None:
            columns["event_id"] = str(self.event_id)
        try:
            return {**columns, **msgspec.json.decode(self.state, type=dict[str, Any])}
        except (msgspec.DecodeError, RecursionError):
            return {**columns, "unreadable": self.state}

    @property
    def stored(self) -> StoredEvent:
        """The row in the form of the eventsourcing library."""
        return LoggedState(self.upload_id, self.version, self.name, self.state.encode(), self.envelope)


class Page(NamedTuple):
    """Events in order, and whether there were no others behind them, committed or not."""

    events: Sequence[LoggedEvent]
    is_last: bool


@cache
def _mapper() -> EventMapper:
    return EventMapper()


def select_history(connection: psycopg.Connection[Any], upload_id: UUID) -> list[LoggedEvent]:
    """Every event of one upload, in the transaction of the caller."""
    parameters = {"upload_id": upload_id, "gt": 0, "lte": MAX_VERSION, "limit": None}
    return _rows(connection, SELECT_STREAM.format(direction="ASC"), parameters)


def _rows(connection: psycopg.Connection[Any], query: str, parameters: Any) -> list[LoggedEvent]:  # noqa: ANN401 - the driver's parameters
    cursor = connection.cursor(row_factory=args_row(LoggedEvent), binary=True)
    return cursor.execute(query, parameters).fetchall()


class EventLog(AggregateRecorder):
    """The recorder of the eventsourcing library, over a pool in autocommit, so that an append is one round trip."""

    def __init__(self, pool: ConnectionPool[psycopg.Connection[Any]]) -> None:
        self._pool = pool

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        """Append all events or none. Raises IntegrityError, a RecordConflictError, if a version already exists."""
        try:
            if len(stored_events) == 1:
                return [int(APPEND_ONE.value(self._pool, texts_of(stored_events[0])))]
            statement, parameters = append_of(stored_events)
            with translated(), self._pool.connection() as connection:
                return [position for (position,) in connection.execute(statement, parameters, prepare=True)]
        except psycopg.errors.UniqueViolation as error:
            raise IntegrityError(str(error)) from error

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of one upload, ordered by version."""
        parameters = {"upload_id": originator_id, "gt": gt or 0, "lte": lte or MAX_VERSION, "limit": limit}
        query = SELECT_STREAM.format(direction="DESC" if desc else "ASC")
        return [row.stored for row in self._select(query, parameters)]

    def history(self, upload_id: UUID) -> Sequence[LoggedEvent]:
        """Every event of one upload, with its position and time."""
        with translated(), self._pool.connection() as connection:
            return select_history(connection, upload_id)

    def ids_between(self, lowest: UUID, highest: UUID, *, limit: int) -> Sequence[UUID]:
        """The ids of the first uploads in a range of ids."""
        with translated(), self._pool.connection() as connection:
            return [upload_id for (upload_id,) in connection.execute(SELECT_IDS, (lowest, highest, limit))]

    def read(self, after: int, limit: int) -> Sequence[LoggedEvent]:
        """The events of the next page."""
        return self.page(after, limit).events

    def page(self, after: int, limit: int) -> Page:
        """The next events in order, without gaps: no event can still be committed before one of them."""
        page = self._select(SELECT_PAGE, (after, limit))
        if not page:
            return Page(page, is_last=True)
        gap = next((i for i, row in enumerate(page) if row.position != after + 1 + i), len(page))
        if gap:
            return Page(page[:gap], is_last=gap == len(page) < limit)
        self._await_writers()
        settled = page[-1].position
        rows = [row for row in self._select(SELECT_PAGE, (after, limit)) if row.position <= settled]
        return Page(rows, is_last=False)

    def last_position(self) -> int:
        """The highest position given to a committed event; 0 for an empty log."""
        with translated(), self._pool.connection() as connection:
            row = connection.execute(SELECT_LAST_POSITION).fetchone()
        return int(row[0]) if row else 0

    def now(self) -> datetime:
        """The time by the clock that events are recorded by."""
        with translated(), self._pool.connection() as connection:
            return read_clock(connection)

    def _await_writers(self) -> None:
        with translated(), self._pool.connection() as connection:
            connection.execute(AWAIT_WRITERS, (APPEND_LOCK,))

    def _select(self, query: str, parameters: Any) -> list[LoggedEvent]:  # noqa: ANN401 - the driver's parameters
        with translated(), self._pool.connection() as connection:
            return _rows(connection, query, parameters)
