"""The projector: applies pages of events to the read model. Each upload in a page is written once, in its last state.

An event that cannot be applied is recorded in `quarantine`, and the row of its upload stops. Other uploads continue.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog
from psycopg_pool import ConnectionPool

from projections.log.event_log import EventLog, LoggedEvent
from projections.log.follower import Follower
from projections.rows import uploads
from projections.rows.uploads import ProjectedUpload, project

Changed = Callable[[Collection[UUID]], None]
"""Called with the ids of the changed rows, after the commit. Must not block."""

READER: Final = "projector"
LONGEST_ERROR: Final = 2000
"""In characters."""
PAGE: Final = 10_000
"""In events. A larger page has more events of the same upload, which are written together."""

QUARANTINE: Final = """
INSERT INTO quarantine (upload_id, position, error) VALUES (%s, %s, %s) ON CONFLICT (upload_id) DO NOTHING
"""
LOCK_POSITION: Final = "SELECT position FROM positions WHERE reader = %s FOR UPDATE"

log = structlog.get_logger(__name__)


def projector(
    event_log: EventLog, pool: ConnectionPool[psycopg.Connection[Any]], changed: Changed = lambda _: None
) -> Follower:
    """The reader of the log that keeps the read model current and reports which rows changed."""

    def report(page: Sequence[LoggedEvent]) -> None:
        changed({logged.upload_id for logged in page})

    return Follower(READER, event_log, pool, apply_together, singly=apply, page=PAGE, after_commit=report)


def apply_together(connection: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> None:
    """Apply the events of a page to the rows. Raises IntegrityError or DataError if one of them breaks a constraint."""
    if changed := _changed(connection, page):
        uploads.save(connection, [projection for _, projection in changed])


def apply(connection: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> None:
    """Apply the events of a page to the rows, in the transaction of the caller."""
    if changed := _changed(connection, page):
        _save(connection, changed)


def _changed(
    connection: psycopg.Connection[Any], page: Sequence[LoggedEvent]
) -> Sequence[tuple[LoggedEvent, ProjectedUpload]]:
    """The projected uploads after the page, each with its last event; what cannot be applied is quarantined."""
    streams: dict[UUID, list[LoggedEvent]] = defaultdict(list)
    for logged in page:
        streams[logged.upload_id].append(logged)
    projections, stopped = uploads.load(connection, streams)
    for upload_id in stopped:
        del streams[upload_id]
    changed = []
    for upload_id, stream in streams.items():
        projection, last = projections.get(upload_id), None
        try:
            for logged in stream:
                projection = project(projection, logged)
                last = logged
        except Exception as error:  # noqa: BLE001 - no I/O here: the event is the cause, and stops no other upload
            _quarantine(connection, logged, error)
        if projection and last:
            changed.append((last, projection))
    return changed


def _save(connection: psycopg.Connection[Any], changed: Sequence[tuple[LoggedEvent, ProjectedUpload]]) -> None:
    """Write the projected uploads, each given with its last event."""
    try:
        with connection.transaction():
            uploads.save(connection, [projection for _, projection in changed])
    except (psycopg.IntegrityError, psycopg.DataError):
        # One row breaks a constraint: write them one by one, so that only that upload is quarantined.
        for logged, projection in changed:
            try:
                with connection.transaction():
                    uploads.save(connection, [projection])
            except (psycopg.IntegrityError, psycopg.DataError) as error:
                _quarantine(connection, logged, error)


def _quarantine(connection: psycopg.Connection[Any], logged: LoggedEvent, error: Exception) -> None:
    sentence = _sentence(error)
    connection.execute(QUARANTINE, (logged.upload_id, logged.position, sentence))
    log.error("projector.quarantined", upload_id=str(logged.upload_id), position=logged.position, error=sentence)


def _sentence(error: Exception) -> str:
    # PostgreSQL takes no NUL, and the text may hold a whole event.
    return (str(error) or type(error).__name__).replace("\0", "\\0")[:LONGEST_ERROR]
