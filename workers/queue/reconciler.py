"""The reconciler: finds uploads that stand still, and gets them moving or fails them.

An upload is due when no live run holds it and nothing tells it to wait (schema.sql, due_uploads). A submission that the
dispatcher has just sent gets some time; a due retry and a run whose worker is lost are for the reconciler alone.

Whether a worker is lost it judges by expired leases, and a PostgreSQL that was away, or whose clock was stepped ahead,
lets them all expire. So it judges only after it has seen PostgreSQL for the time of a lease without a break, in which
every live worker has moved its own: not in its first seconds either, for it may have begun because PostgreSQL came
back.
"""

import time
from datetime import datetime
from math import inf
from threading import Event
from typing import Any, Final, NamedTuple
from uuid import UUID

import psycopg
import structlog
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool, PoolTimeout

from domain.errors import RefusedError, UnavailableError
from domain.ports import RunQueue
from domain.state import ATTEMPTS
from domain.upload import Upload
from domain.uploads import Uploads
from workers.queue.actors import SENDING_SECONDS
from workers.queue.clock import LeapWatch
from workers.queue.leases import LEASE_SECONDS

ACTOR: Final = "reconciler"
SCAN_SECONDS: Final = 1.0
BREAK_SECONDS: Final = 3.0
"""Without an answer of PostgreSQL's: in less a live worker misses one beat, and the next one comes before its leases
expire; in more they may, with the worker's pauses between two tries to connect."""
NEVER: Final = -inf
DISPATCH_SECONDS: Final = 10
"""How long a submission is left to the dispatcher."""
PAUSES: Final = (10, 20, 40, 60)
"""Seconds between two moves of an upload that stays where it is; the last one stays. A long queue is no lost one."""
BATCH: Final = 1000
LOCK: Final = 0x6461726B_726563  # "darkrec"

SELECT_DUE: Final = """
SELECT upload_id, version, running, lost FROM due_uploads
WHERE running OR retry_at IS NOT NULL OR due_since < clock_timestamp() - make_interval(secs => %s)
   OR due_since > clock_timestamp() + interval '1 second'  -- the clock has stepped back
ORDER BY due_since LIMIT %s
"""
TRY_LOCK: Final = "SELECT pg_try_advisory_xact_lock(%s), clock_timestamp()"

log = structlog.get_logger(__name__)


class Due(NamedTuple):
    """An upload that a run could move now."""

    upload_id: UUID
    version: int
    running: bool
    lost: int


class Reconciler:
    """Looks for due uploads and sends them to the queue. Of several, one works and the others stand by."""

    def __init__(self, uploads: Uploads, pool: ConnectionPool[psycopg.Connection[Any]], queue: RunQueue) -> None:
        self._uploads = uploads
        self._pool = pool
        self._queue = queue
        self._moved: dict[Due, tuple[int, float]] = {}  # how often, and when it may be moved again
        self._seen_at = NEVER
        self._judges_at = NEVER
        self._watch = LeapWatch()

    def run(self, stopping: Event) -> None:
        """Scan until told to stop. A dependency that is away is a pause, not the end."""
        while not stopping.wait(SCAN_SECONDS):
            try:
                self.scan()
            except (UnavailableError, psycopg.Error, PoolTimeout) as error:
                log.warning("reconciler.paused", error=str(error))
                self._seen_at = NEVER

    def scan(self) -> None:
        """Move every upload that is due, once."""
        # The lock ends with the transaction, so a reconciler that dies or freezes makes room for the next.
        with self._pool.connection() as connection, connection.transaction():
            ((locked, now),) = connection.execute(TRY_LOCK, (LOCK,)).fetchall()
            if not locked:
                self._see(now)
                return
            cursor = connection.cursor(row_factory=class_row(Due))
            due = cursor.execute(SELECT_DUE, (DISPATCH_SECONDS, BATCH)).fetchall()
            self._see(now)
            if self._seen_at < self._judges_at:
                due = [upload for upload in due if not upload.running]
            self._moved = {upload: self._moved[upload] for upload in due if upload in self._moved}
            for upload in due:
                if time.monotonic() > self._seen_at + SENDING_SECONDS:
                    break
                self._move(upload)
            self._seen_at = time.monotonic()  # it was the queue that was waited for

    def _see(self, told: datetime) -> None:
        """Note that PostgreSQL has answered, and what time it is by its clock."""
        now = time.monotonic()
        if self._watch.has_leapt(told) or now > self._seen_at + BREAK_SECONDS:
            self._judges_at = now + LEASE_SECONDS
        self._seen_at = now

    def _move(self, upload: Due) -> None:
        times, due_at = self._moved.get(upload, (0, 0.0))
        if time.monotonic() < due_at:
            return
        if upload.running and upload.lost + 1 >= ATTEMPTS:
            self._give_up(upload)
        else:
            log.info("reconciler.sent", upload_id=str(upload.upload_id), running=upload.running, times=times + 1)
            self._queue.send(upload.upload_id)
        pause = PAUSES[min(times, len(PAUSES) - 1)]
        self._moved[upload] = (times + 1, time.monotonic() + pause)

    def _give_up(self, upload: Due) -> None:
        try:
            self._uploads.execute(upload.upload_id, Upload.give_up, by=ACTOR)
            log.warning("reconciler.gave_up", upload_id=str(upload.upload_id))
        except RefusedError:
            pass  # the row is older than the upload: it has moved on
        except UnavailableError:
            raise
        except Exception:  # its stream cannot be read, or there is none: no other upload is affected
            log.exception("reconciler.not_given_up", upload_id=str(upload.upload_id))
