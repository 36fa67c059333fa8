"""Retention: decides whose objects have been kept for their time, and says so in the log.

    RETAIN_ORIGINALS_DAYS   after completion: the photo and what was made on the way; the pictures stay
    RETAIN_RESULTS_DAYS     after completion: everything
    RETAIN_FAILED_DAYS      after failure: everything

It deletes nothing: the sweeper reads the event and does, however often it is interrupted. Several processes may look at
the same time: of two events about the same objects the log takes one.
"""

from threading import Event
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog
from msgspec import Struct
from psycopg_pool import ConnectionPool, PoolTimeout

from domain.errors import RefusedError, UnavailableError
from domain.objects import Expiry
from domain.stages import Status
from domain.upload import Upload
from domain.uploads import Uploads
from workers.queue.reconciler import ACTOR

LOOK_SECONDS: Final = 60.0
NEXT_BATCH_SECONDS: Final = 1.0
"""After a full batch; the projector sees it meanwhile."""
BATCH: Final = 500

SELECT_OVER: Final = """
SELECT upload_id, version FROM uploads
WHERE status = %(status)s AND {kept} AND kept_since < statement_timestamp() - make_interval(days => %(days)s)
ORDER BY kept_since LIMIT %(batch)s
"""
ALL: Final = SELECT_OVER.format(kept="expired IS NULL")
PICTURES: Final = SELECT_OVER.format(kept="expired = 'original'")

log = structlog.get_logger(__name__)


class Rule(Struct, frozen=True):
    """Which objects of which uploads expire, so many days after their end. `query` names those that still have them."""

    query: str
    status: Status
    days: int
    objects: Expiry


def rules(originals: int | None, results: int | None, failed: int | None) -> list[Rule]:
    """The rules of the three settings, each in days or None for ever."""
    found: list[Rule] = []
    if results is not None:
        found += [Rule(query, Status.COMPLETED, results, Expiry.EVERYTHING) for query in (ALL, PICTURES)]
    if originals is not None:
        found.append(Rule(ALL, Status.COMPLETED, originals, Expiry.ORIGINAL))
    # Of a failed upload there is hardly more than the photo: who lets photos go does not want to keep these.
    if (days := failed if failed is not None else originals) is not None:
        found.append(Rule(ALL, Status.FAILED, days, Expiry.EVERYTHING))
    return found


class Retention:
    """Looks once a minute."""

    def __init__(
        self, uploads: Uploads, pool: ConnectionPool[psycopg.Connection[Any]], what_expires: list[Rule]
    ) -> None:
        self._uploads = uploads
        self._pool = pool
        self._rules = what_expires

    def run(self, stopping: Event) -> None:
        """Look until told to stop. A dependency that is away is a pause, not the end."""
        pause = NEXT_BATCH_SECONDS
        while not stopping.wait(pause):
            pause = LOOK_SECONDS
            try:
                if self.look() >= BATCH:
                    pause = NEXT_BATCH_SECONDS
            except (UnavailableError, psycopg.Error, PoolTimeout) as error:
                log.warning("retention.paused", error=str(error))

    def look(self) -> int:
        """Let expire what has been kept for its time; how many uploads of one rule that were at most."""
        return max((self._apply(rule) for rule in self._rules), default=0)

    def _apply(self, rule: Rule) -> int:
        asked = {"status": rule.status, "days": rule.days, "batch": BATCH}
        with self._pool.connection() as connection:
            over = connection.execute(rule.query.encode(), asked).fetchall()
        for upload_id, version in over:
            self._expire(upload_id, version, rule)
        return len(over)

    def _expire(self, upload_id: UUID, version: int, rule: Rule) -> None:
        try:
            self._uploads.execute(upload_id, Upload.expire, rule.objects, version=version, by=ACTOR)
        except RefusedError:
            pass  # the row is older than the upload: it has moved on
        except UnavailableError:
            raise
        except Exception:  # its stream cannot be read: no other upload is affected
            log.exception("retention.not_expired", upload_id=str(upload_id))
        else:
            log.info("retention.expired", upload_id=str(upload_id), objects=rule.objects.value)
