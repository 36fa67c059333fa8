"""Base of projections that handle the events of each upload in order. A new projection begins with it.

`evolve` is given the state that it made of the upload's earlier events, and an event; what it returns besides the next
state is written in the transaction of the position. States of uploads under way are remembered, and otherwise made
again from the log. An event that cannot be applied stops its upload for this reader alone, in `stopped_uploads`.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import psycopg
import structlog

from projections.log.connections import translated
from projections.log.event_log import EventLog, LoggedEvent, select_history
from projections.log.follower import UNHURRIED_SECONDS, Follower
from projections.log.pools import Pool

PAGE: Final = 10_000
"""In events."""
REMEMBERED: Final = 10_000
"""Uploads whose state is remembered."""
LONGEST_ERROR: Final = 2000

SELECT_STOPPED: Final = "SELECT upload_id FROM stopped_uploads WHERE reader = %s AND upload_id = ANY(%s)"
SELECT_ALL_STOPPED: Final = "SELECT upload_id, position FROM stopped_uploads WHERE reader = %s ORDER BY position"
STOP: Final = "INSERT INTO stopped_uploads (reader, upload_id, position, error) VALUES (%s, %s, %s, %s)"
RELEASE: Final = "DELETE FROM stopped_uploads WHERE reader = %s AND upload_id = %s"
LOCK_POSITION: Final = "SELECT position FROM positions WHERE reader = %s FOR UPDATE"

log = structlog.get_logger(__name__)

_S = TypeVar("_S")
_F = TypeVar("_F")


class Folding(Generic[_S, _F]):
    """A projection: what is made of each event, and how that is written."""

    def __init__(
        self,
        reader: str,
        evolve: Callable[[_S | None, LoggedEvent], tuple[_S, list[_F]]],
        write: Callable[[psycopg.Connection[Any], Sequence[_F]], None],
    ) -> None:
        self.reader = reader
        self._evolve = evolve
        self._write = write
        self._states: OrderedDict[UUID, tuple[int, _S]] = OrderedDict()
        """By upload: the version up to which the state goes, and the state."""

    def follower(self, event_log: EventLog, pool: Pool) -> Follower:
        """The reader of the log. Its position begins at 0, so that a new one catches up with the whole history."""
        return Follower(self.reader, event_log, pool, self.apply, page=PAGE, pause=UNHURRIED_SECONDS)

    def apply(self, connection: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> None:
        """Apply a page, in the transaction of the caller."""
        streams: dict[UUID, list[LoggedEvent]] = defaultdict(list)
        for logged in page:
            streams[logged.upload_id].append(logged)
        for (stopped,) in connection.execute(SELECT_STOPPED, (self.reader, list(streams))):
            del streams[stopped]
        found: list[_F] = []
        for stream in streams.values():
            self._apply(connection, stream, found)
        self._write(connection, found)

    def retry(self, pool: Pool) -> tuple[int, int]:
        """Apply the events of stopped uploads again; the reader may run. Returns how many it did, and the rest."""
        with translated(), pool.connection() as connection:
            stopped = connection.execute(SELECT_ALL_STOPPED, (self.reader,)).fetchall()
        left = sum(self._retry(pool, upload_id, position) for upload_id, position in stopped)
        return len(stopped) - left, left

    def _retry(self, pool: Pool, upload_id: UUID, position: int) -> bool:
        """Whether the upload is stopped again."""
        with translated(), pool.connection() as connection, connection.transaction():
            # The reader skips the events of stopped uploads, so it must not pass one between the two statements.
            row = connection.execute(LOCK_POSITION, (self.reader,)).fetchone()
            if row is None or not connection.execute(RELEASE, (self.reader, upload_id)).rowcount:
                return False
            missed = [
                logged for logged in select_history(connection, upload_id) if position <= logged.position <= row[0]
            ]
            self.apply(connection, missed)
            return bool(connection.execute(SELECT_STOPPED, (self.reader, [upload_id])).rowcount)

    def _apply(self, connection: psycopg.Connection[Any], stream: Sequence[LoggedEvent], found: list[_F]) -> None:
        logged = stream[0]
        before = self._before(connection, logged)
        try:
            state = self._taken(logged)
            for earlier in before:
                state, _ = self._evolve(state, earlier)
            for logged in stream:
                state, made = self._evolve(state, logged)
                found += made
        except Exception as error:  # noqa: BLE001 - no I/O here: the event is the cause, and stops no other upload
            self._stop(connection, logged, error)
            return
        if state is not None:
            self._remember(logged, state)

    def _before(self, connection: psycopg.Connection[Any], first: LoggedEvent) -> Sequence[LoggedEvent]:
        """The earlier events of the upload, unless their state is remembered."""
        version, _ = self._states.get(first.upload_id, (0, None))
        if version == first.version - 1:
            return ()
        self._taken(first)
        return [logged for logged in select_history(connection, first.upload_id) if logged.version < first.version]

    def _taken(self, logged: LoggedEvent) -> _S | None:
        """The remembered state, which is forgotten: an error may leave it half changed."""
        return self._states.pop(logged.upload_id, (0, None))[1]

    def _remember(self, last: LoggedEvent, state: _S) -> None:
        self._states[last.upload_id] = (last.version, state)
        if len(self._states) > REMEMBERED:
            self._states.popitem(last=False)

    def _stop(self, connection: psycopg.Connection[Any], logged: LoggedEvent, error: Exception) -> None:
        sentence = (str(error) or type(error).__name__).replace("\0", "\\0")[:LONGEST_ERROR]
        connection.execute(STOP, (self.reader, logged.upload_id, logged.position, sentence))
        log.error(
            "projection.stopped",
            reader=self.reader,
            upload_id=str(logged.upload_id),
            position=logged.position,
            error=sentence,
        )
