"""Applies quarantined uploads again after a code fix: each in a transaction of its own, from the version of its row."""

from typing import Any, Final
from uuid import UUID

import psycopg
import structlog
from msgspec import Struct
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from projections.log.connections import translated
from projections.log.event_log import select_history
from projections.rows import projector

SELECT_QUARANTINED: Final = "SELECT upload_id FROM quarantine ORDER BY position"
RELEASE: Final = "DELETE FROM quarantine WHERE upload_id = %s RETURNING quarantined_at"
SELECT_STILL: Final = "SELECT upload_id, position, error FROM quarantine WHERE upload_id = %s"
KEEP_TIME: Final = "UPDATE quarantine SET quarantined_at = %s WHERE upload_id = %s"

log = structlog.get_logger(__name__)


class Quarantined(Struct, frozen=True):
    """A quarantined upload: the event at which its row stopped, and the error."""

    upload_id: UUID
    position: int
    error: str


def retry_quarantined(pool: ConnectionPool[psycopg.Connection[Any]]) -> tuple[int, list[Quarantined]]:
    """Apply quarantined uploads again; the projector may run. Returns the number released, and the rest."""
    with translated(), pool.connection() as connection:
        upload_ids = [upload_id for (upload_id,) in connection.execute(SELECT_QUARANTINED)]
    tried = [_retry(pool, upload_id) for upload_id in upload_ids]
    still = [quarantined for quarantined in tried if quarantined]
    return len(tried) - len(still), still


def _retry(pool: ConnectionPool[psycopg.Connection[Any]], upload_id: UUID) -> Quarantined | None:
    with translated(), pool.connection() as connection, connection.transaction():
        # The projector skips events of quarantined uploads. Without this lock it could skip one between the reading of
        # the stream and the release, and that event would never be applied.
        connection.execute(projector.LOCK_POSITION, (projector.READER,))
        released = connection.execute(RELEASE, (upload_id,)).fetchone()
        if released is None:
            return None  # a rebuild released it meanwhile
        projector.apply(connection, select_history(connection, upload_id))
        still = connection.cursor(row_factory=class_row(Quarantined)).execute(SELECT_STILL, (upload_id,)).fetchone()
        if still:
            connection.execute(KEEP_TIME, (*released, upload_id))
        else:
            log.info("projector.released", upload_id=str(upload_id))
    return still
