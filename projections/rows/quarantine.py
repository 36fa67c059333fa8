"""Quarantined uploads, applied again once the code was mended: each from its row's version on, in a transaction."""

from typing import Any, Final
from uuid import UUID

import psycopg
import structlog
from msgspec import Struct
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from projections.log.connections import translated
from projections.log.event_log import MAX_VERSION, SELECT_STREAM, LoggedEvent
from projections.rows import projector

SELECT_QUARANTINED: Final = "SELECT upload_id FROM quarantine ORDER BY position"
RELEASE: Final = "DELETE FROM quarantine WHERE upload_id = %s RETURNING quarantined_at"
SELECT_STILL: Final = "SELECT upload_id, position, error FROM quarantine WHERE upload_id = %s"
KEEP_TIME: Final = "UPDATE quarantine SET quarantined_at = %s WHERE upload_id = %s"

log = structlog.get_logger(__name__)


class Quarantined(Struct, frozen=True):
    """An upload whose row has stopped: at which event, and why."""

    upload_id: UUID
    position: int
    error: str


def retry_quarantined(pool: ConnectionPool[psycopg.Connection[Any]]) -> tuple[int, list[Quarantined]]:
    """Apply what is quarantined again, beside a live projector: how many are current now, and those that are not."""
    with translated(), pool.connection() as connection:
        upload_ids = [upload_id for (upload_id,) in connection.execute(SELECT_QUARANTINED)]
    tried = [_retry(pool, upload_id) for upload_id in upload_ids]
    still = [quarantined for quarantined in tried if quarantined]
    return len(tried) - len(still), still


def _retry(pool: ConnectionPool[psycopg.Connection[Any]], upload_id: UUID) -> Quarantined | None:
    with translated(), pool.connection() as connection, connection.transaction():
        # The projector leaves out events of quarantined uploads: one that it passes between our reading of the stream
        # and our release would be applied by nobody.
        connection.execute(projector.LOCK_POSITION, (projector.READER,))
        released = connection.execute(RELEASE, (upload_id,)).fetchone()
        if released is None:
            return None  # a rebuild was faster
        projector.apply(connection, _stream(connection, upload_id))
        still = connection.cursor(row_factory=class_row(Quarantined)).execute(SELECT_STILL, (upload_id,)).fetchone()
        if still:
            connection.execute(KEEP_TIME, (*released, upload_id))
        else:
            log.info("projector.released", upload_id=str(upload_id))
    return still


def _stream(connection: psycopg.Connection[Any], upload_id: UUID) -> list[LoggedEvent]:
    parameters = {"upload_id": upload_id, "gt": 0, "lte": MAX_VERSION, "limit": None}
    cursor = connection.cursor(row_factory=class_row(LoggedEvent))
    return cursor.execute(SELECT_STREAM.format(direction="ASC").encode(), parameters).fetchall()
