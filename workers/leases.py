"""The leases: which run holds which upload, by PostgreSQL's clock. The only writer of the table.

A worker moves the expiry of all its runs on together, so a process that dies or freezes loses them all at once. Losing
one stops nobody by itself: what fences is the attempt number, once the next attempt has begun.
"""

from threading import Event
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog
from psycopg_pool import ConnectionPool, PoolTimeout

from domain.errors import UnavailableError

LEASE_SECONDS: Final = 10.0
"""How long an upload waits for a worker that is gone."""
BEAT_SECONDS: Final = 2.5
"""Three beats may be missed before a lease is lost."""

TAKE: Final = """
INSERT INTO leases (upload_id, worker, expires_at)
VALUES (%(upload_id)s, %(worker)s, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (upload_id) DO UPDATE SET worker = excluded.worker, expires_at = excluded.expires_at
WHERE leases.expires_at <= clock_timestamp()
"""
RENEW: Final = """
UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => %(seconds)s) WHERE worker = %(worker)s
"""
GIVE_BACK: Final = "DELETE FROM leases WHERE upload_id = %(upload_id)s AND worker = %(worker)s"

log = structlog.get_logger(__name__)


class Leases:
    """One worker process's leases."""

    def __init__(self, pool: ConnectionPool[psycopg.Connection[Any]], worker: str) -> None:
        self._pool = pool
        self._worker = worker

    def take(self, upload_id: UUID) -> bool:
        """Hold the upload, unless a live run does."""
        return bool(self._execute(TAKE, upload_id))

    def give_back(self, upload_id: UUID) -> None:
        """Let go of the upload, so that the next run need not wait for the lease to expire."""
        self._execute(GIVE_BACK, upload_id)

    def keep_alive(self, stopping: Event) -> None:
        """Move every lease of this worker on, until told to stop. A database that is away is a missed beat."""
        while not stopping.wait(BEAT_SECONDS):
            try:
                self._execute(RENEW)
            except UnavailableError as error:
                log.warning("leases.beat_missed", error=str(error))

    def _execute(self, statement: str, upload_id: UUID | None = None) -> int:
        parameters = {"upload_id": upload_id, "worker": self._worker, "seconds": LEASE_SECONDS}
        try:
            with self._pool.connection() as connection:
                return connection.execute(statement, parameters).rowcount
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise UnavailableError from error
