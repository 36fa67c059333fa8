"""Carries out the bulk actions that run, a few uploads a transaction. Of several processes each takes other uploads.

The id of an event is made of the bulk action and the upload. So an upload whose outcome was lost with a process that
died is found in the log, and is not acted on twice.
"""

import time
from collections.abc import Sequence
from threading import Event
from typing import Any, Final
from uuid import UUID, uuid5

import psycopg
import structlog
from msgspec import Struct
from psycopg.rows import class_row

from domain.errors import DarkroomError, RefusedError, UnavailableError, UploadNotFoundError
from domain.staff import StaffRequest
from projections.log.event_log import select_history
from projections.log.pools import Pool, connected
from workers.upkeep.commands import ActionName, StaffCommands

SCAN_SECONDS: Final = 1.0
BATCH: Final = 10
BATCH_SECONDS: Final = 0.5
"""A stop waits for the batch under way, and the one who stops for the answer."""

SELECT_RUNNING: Final = "SELECT bulk_id FROM bulk_actions WHERE state = 'running' ORDER BY started_at"
# A stop waits until the batch under way is kept.
HOLD: Final = """
SELECT bulk_id, action, reason, request_id, started_by FROM bulk_actions
WHERE bulk_id = %s AND state = 'running' FOR SHARE
"""
TAKE: Final = """
SELECT number, upload_id FROM bulk_uploads WHERE bulk_id = %s AND outcome IS NULL ORDER BY number LIMIT %s
FOR UPDATE SKIP LOCKED
"""
KEEP: Final = """
UPDATE bulk_uploads SET outcome = %(outcome)s, told = %(told)s, done_at = clock_timestamp()
WHERE bulk_id = %(bulk_id)s AND number = %(number)s
"""
END: Final = """
UPDATE bulk_actions b SET state = 'done', ended_at = clock_timestamp()
WHERE bulk_id = %s AND state = 'running'
  AND NOT EXISTS (SELECT FROM bulk_uploads u WHERE u.bulk_id = b.bulk_id AND u.outcome IS NULL)
"""

log = structlog.get_logger(__name__)


class Running(Struct, frozen=True):
    """A bulk action that runs: the columns of HOLD."""

    bulk_id: UUID
    action: ActionName
    reason: str
    request_id: str
    started_by: str


class BulkRunner:
    """Looks for bulk actions that run, and carries them out."""

    def __init__(self, pool: Pool, commands: StaffCommands) -> None:
        self._pool = pool
        self._commands = commands

    def run(self, stopping: Event) -> None:
        """Scan until told to stop. A dependency that is away is a pause, not the end."""
        while not stopping.wait(SCAN_SECONDS):
            try:
                self.scan(stopping)
            except UnavailableError as error:
                log.warning("bulk.paused", error=str(error))

    def scan(self, stopping: Event) -> None:
        """Carry out what runs, to its end or until told to stop. Raises UnavailableError."""
        with connected(self._pool) as connection:
            running = [bulk_id for (bulk_id,) in connection.execute(SELECT_RUNNING).fetchall()]
        for bulk_id in running:
            while not stopping.is_set() and self._batch(bulk_id):
                pass
            with connected(self._pool) as connection:
                if connection.execute(END, (bulk_id,)).rowcount:
                    log.info("bulk.done", bulk_id=str(bulk_id))

    def _batch(self, bulk_id: UUID) -> bool:
        """A few uploads; False if there was none."""
        until = time.monotonic() + BATCH_SECONDS
        with connected(self._pool) as connection, connection.transaction():
            bulk = connection.cursor(row_factory=class_row(Running)).execute(HOLD, (bulk_id,)).fetchone()
            if bulk is None:
                return False
            taken = connection.execute(TAKE, (bulk_id, BATCH)).fetchall()
            for number, upload_id in taken:
                outcome, told = self._act(connection, bulk, upload_id)
                connection.execute(KEEP, {"outcome": outcome, "told": told, "bulk_id": bulk_id, "number": number})
                if time.monotonic() > until:
                    break
        return bool(taken)

    def _act(self, connection: psycopg.Connection[Any], bulk: Running, upload_id: UUID) -> tuple[str, str | None]:
        """What became of the upload, and the sentence of a refusal."""
        event_id = uuid5(bulk.bulk_id, str(upload_id))
        request = StaffRequest(bulk.reason, bulk.request_id, event_id)
        told: str | None = None
        try:
            self._commands.run(bulk.action, upload_id, by=bulk.started_by, request=request)
        except (RefusedError, UploadNotFoundError) as error:
            told = error.message
        except UnavailableError:
            raise
        except DarkroomError as error:
            return "failed", error.message
        except Exception as error:  # the trouble of one upload, which must not keep the others from their turn
            log.exception("bulk.failed", bulk_id=str(bulk.bulk_id), upload_id=str(upload_id))
            return "failed", f"It could not be acted on: {type(error).__name__}. The log has the details."
        if _has_landed(connection, upload_id, event_id):
            return "done", None
        return ("refused", told) if told else ("unchanged", None)


def _has_landed(connection: psycopg.Connection[Any], upload_id: UUID, event_id: UUID) -> bool:
    history: Sequence[Any] = select_history(connection, upload_id)
    return any(logged.facts.get("event_id") == str(event_id) for logged in history)
