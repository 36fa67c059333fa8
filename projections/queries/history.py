"""Everything that the log says of one upload, whether a run holds it, and what is usual: read at one moment."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from typing import Final
from uuid import UUID

from msgspec import Struct

from domain.errors import UploadNotFoundError
from domain.events import AttemptFailed, Failed
from projections.log.event_log import LoggedEvent, select_history
from projections.log.pools import Pool, connected
from projections.queries.usual import Usual, read_usual
from projections.rows.uploads import ProjectedUpload, project

SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
# A lease that lies further ahead than a lease lasts is from before the clock stepped back (schema.sql, live_leases).
SELECT_HOLD: Final = """
SELECT clock_timestamp(), (SELECT expires_at FROM leases
                           WHERE upload_id = %(id)s AND expires_at <= clock_timestamp() + interval '10 seconds'),
       (SELECT worker FROM live_leases WHERE upload_id = %(id)s)
"""


class UploadHistory(Struct, frozen=True):
    """The events of an upload, the time by the clock of PostgreSQL, and the lease of its last run."""

    events: Sequence[LoggedEvent]
    now: datetime
    held_until: datetime | None
    """When the lease expires, or has; None without a lease."""
    worker: str | None
    """The worker that holds the upload now."""
    usual: dict[str, Usual] = {}
    """How long the parts of its time usually take."""


def read_history(pool: Pool, upload_id: UUID) -> UploadHistory:
    """The history of an upload. Raises UploadNotFoundError, LogUnavailableError."""
    with connected(pool) as connection, connection.transaction():
        connection.execute(SNAPSHOT)
        events = select_history(connection, upload_id)
        ((now, held_until, worker),) = connection.execute(SELECT_HOLD, {"id": upload_id}).fetchall()
        usual = read_usual(connection, events) if events else {}
    if not events:
        raise UploadNotFoundError(f"There is no upload {upload_id} in the log.")
    return UploadHistory(events, now, held_until, worker, usual)


def state_after(events: Sequence[LoggedEvent]) -> ProjectedUpload:
    """The state that the events lead to; there is at least one. Raises MapperDeserialisationError, HistoryError."""
    return reduce(project, events[1:], project(None, events[0]))


def attempts_of(events: Sequence[LoggedEvent]) -> list[int | None]:
    """The attempt of each event, as far as it is of one. A failure is of the attempt that it ended."""
    found: list[int | None] = []
    begun: int | None = None
    for logged in events:
        own = logged.facts.get("attempt")
        begun = own if type(own) is int else begun
        found.append(begun if type(own) is int or logged.name == Failed.NAME else None)
        begun = None if logged.name in {AttemptFailed.NAME, Failed.NAME} else begun
    return found


def version_at(events: Sequence[LoggedEvent], moment: datetime) -> int:
    """The version that the upload had at a moment; 0 before its first event.

    If the clock stepped back, an event counts from the latest time on that it or an event before it was recorded at.
    """
    version, reached = 0, events[0].recorded_at
    for logged in events:
        reached = max(reached, logged.recorded_at)
        if reached > moment:
            break
        version = logged.version
    return version
