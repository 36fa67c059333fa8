"""The leases: which run holds which upload, by PostgreSQL's clock. The only writer of the table.

    taken -> kept alive by the beat, with all the others of its process -> given back
                 |
                 +-> taken by another run, once the beat has stayed away for too long: lost

A worker moves the expiry of all its leases on together, so a process that dies or freezes loses them all at once. One
that has expired is still this run's until another run takes it: PostgreSQL may just have been away. What was lost is
found out at the next beat, and before every call that costs money; what fences the log is the attempt's number.

So a worker that has missed PostgreSQL takes no expired lease for the time of one: a message that comes just then may be
of a run that lives. It knows of an outage by its beats, which it makes with nothing held, too. The same goes for a
clock of PostgreSQL's that was stepped ahead, by which all leases have expired at once.
"""

from math import inf
from threading import Event, Lock
from time import monotonic
from typing import Final
from uuid import UUID, uuid4

import structlog

from domain.errors import LogUnavailableError, UnavailableError
from projections.log.clock import read_clock
from projections.log.pools import Pool, connected
from workers.queue.clock import LeapWatch

LEASE_SECONDS: Final = 10.0
"""How long an upload waits for a worker that is gone."""
ENDED_SECONDS: Final = 60.0
"""How long the expired lease of an ended upload is kept."""
BEAT_SECONDS: Final = 2.5
"""Three beats may be missed before a lease is lost."""

TAKE: Final = """
INSERT INTO leases (upload_id, worker, run_id, expires_at)
VALUES (%(upload_id)s, %(worker)s, %(run_id)s, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (upload_id) DO UPDATE
SET worker = excluded.worker, run_id = excluded.run_id, expires_at = excluded.expires_at
WHERE %(may_take_expired)s AND leases.expires_at <= clock_timestamp()
RETURNING run_id
"""
RENEW: Final = """
UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE run_id = ANY(%(run_ids)s) RETURNING run_id
"""
GIVE_BACK: Final = "DELETE FROM leases WHERE run_id = %(run_id)s RETURNING run_id"
SELECT_HELD: Final = """
SELECT run_id FROM leases
WHERE upload_id = %(upload_id)s AND (NOT %(may_take_expired)s OR expires_at > clock_timestamp())
"""
# A clock that stepped back makes every lease last longer by the step. Live workers renew theirs within a beat.
# Locked rows are skipped: two workers that wait for each other's rows would be a deadlock.
BOUND: Final = """
UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE run_id IN (
    SELECT run_id FROM leases WHERE expires_at > clock_timestamp() + make_interval(secs => %(seconds)s)
    FOR UPDATE SKIP LOCKED
) RETURNING run_id
"""
FORGET_ENDED: Final = """
DELETE FROM leases WHERE run_id IN (
    SELECT l.run_id FROM leases l LEFT JOIN uploads u USING (upload_id)
    WHERE l.expires_at < clock_timestamp() - make_interval(secs => %(kept)s)
      AND (u.upload_id IS NULL OR u.status IN ('completed', 'failed'))
    FOR UPDATE OF l SKIP LOCKED
) RETURNING run_id
"""
SELECT_SET_BACK: Final = """
SELECT upload_id FROM (
    SELECT upload_id, recorded_at FROM event_log WHERE upload_id = %(upload_id)s ORDER BY version DESC LIMIT 1
) last WHERE recorded_at > clock_timestamp() + interval '1 second'
"""

log = structlog.get_logger(__name__)


class Lease:
    """One run's hold on its upload."""

    def __init__(self, upload_id: UUID) -> None:
        self.upload_id = upload_id
        self.run_id = uuid4()
        self.lost = Event()
        """Set once another run has taken the upload."""


class Leases:
    """One worker process's leases."""

    def __init__(self, pool: Pool, worker: str) -> None:
        self._pool = pool
        self._worker = worker
        self._held: dict[UUID, Lease] = {}
        self._lock = Lock()
        self._missed_at = -inf
        self._watch = LeapWatch()

    def is_held(self, upload_id: UUID) -> bool:
        """Whether a live run, of whichever process, holds the upload, or may hold it."""
        return bool(self._execute(SELECT_HELD, upload_id=upload_id))

    def is_set_back(self, upload_id: UUID) -> bool:
        """Whether PostgreSQL's clock has stepped back behind the upload's last event."""
        return bool(self._execute(SELECT_SET_BACK, upload_id=upload_id))

    def take(self, upload_id: UUID) -> Lease | None:
        """Hold the upload; None if a live run does, or may."""
        lease = Lease(upload_id)
        if not self._execute(TAKE, upload_id=upload_id, run_id=lease.run_id):
            return None
        with self._lock:
            self._held[lease.run_id] = lease  # not before it is taken, or a beat in between would take it for lost
        return lease

    def is_ours(self, lease: Lease) -> bool:
        """Whether no other run has taken the upload. If so, it is held for LEASE_SECONDS from now on."""
        if not self._execute(RENEW, run_ids=[lease.run_id]):
            lease.lost.set()
        return not lease.lost.is_set()

    def give_back(self, lease: Lease) -> None:
        """Let go of the upload, so that the next run need not wait for the lease to expire."""
        with self._lock:
            self._held.pop(lease.run_id, None)
        self._execute(GIVE_BACK, run_id=lease.run_id)

    def keep_alive(self, stopping: Event) -> None:
        """Move every lease of this worker on, until told to stop. A database that is away is a missed beat."""
        while not stopping.wait(BEAT_SECONDS):
            try:
                self.beat()
            except UnavailableError as error:
                log.warning("leases.beat_missed", error=str(error))

    def beat(self) -> None:
        """Move every lease on, and find out which ones are lost."""
        with self._lock:
            held = dict(self._held)
        ours = self._execute(RENEW, run_ids=list(held))
        for run_id in held.keys() - ours:
            self._lose(held[run_id])
        self._execute(BOUND)
        self._execute(FORGET_ENDED, kept=ENDED_SECONDS)

    def _lose(self, lease: Lease) -> None:
        with self._lock:
            lost = self._held.pop(lease.run_id, None)  # it may have been given back since
        if lost:
            log.warning("lease.lost", upload_id=str(lease.upload_id))
            lost.lost.set()

    def _execute(self, statement: str, **parameters: object) -> set[UUID]:
        try:
            with connected(self._pool) as connection:
                now = read_clock(connection)
                if self._watch.has_leapt(now):
                    log.warning("leases.clock_leapt", now=now.isoformat())
                    self._missed_at = monotonic()
                may_take_expired = monotonic() >= self._missed_at + LEASE_SECONDS
                parameters |= {"worker": self._worker, "seconds": LEASE_SECONDS, "may_take_expired": may_take_expired}
                return {run_id for (run_id,) in connection.execute(statement, parameters)}
        except LogUnavailableError:
            self._missed_at = monotonic()
            raise
