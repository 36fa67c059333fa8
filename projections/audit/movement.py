"""How far each queue has come. It is read only if an upload seems to stand still.

There is more than one queue: runs of a client that sent many photos stand behind the others. Who stands behind is not
in the log, so it is told from outside, for uploads that are named.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from domain.events import AttemptStarted
from projections.audit.evidence import PATIENCE
from projections.log.pools import connected

Behind = Callable[[Sequence[UUID]], AbstractSet[UUID]]
"""Which of these uploads stand behind the others."""

NEAR: Final = 100_000
"""No index looks at names and times, so a search ends after so many events."""
EARLIEST: Final = datetime.min.replace(tzinfo=UTC)

SELECT_BEGUN: Final = """
SELECT begun.upload_id, CASE WHEN submitted.recorded_at <= clock_timestamp() THEN submitted.recorded_at END
FROM (SELECT upload_id, recorded_at FROM event_log
      WHERE name = %(started)s AND position > (SELECT max(position) FROM event_log) - %(near)s
      ORDER BY position DESC LIMIT 1000) AS begun
JOIN event_log submitted USING (upload_id)
WHERE submitted.version = 1
  AND begun.recorded_at BETWEEN clock_timestamp() - %(patience)s AND clock_timestamp() + interval '1 second'
"""
SELECT_WENT_ON: Final = """
SELECT min(recorded_at) FROM event_log WHERE position > (
    SELECT max(position) FROM event_log
    WHERE recorded_at > clock_timestamp() + interval '1 second'
      AND position > (SELECT max(position) FROM event_log) - %(near)s
)
"""


def none_behind(_: Sequence[UUID]) -> AbstractSet[UUID]:
    """As if there were one queue."""
    return frozenset()


class LogMoves:
    """Reads it from the log."""

    def __init__(self, pool: ConnectionPool[psycopg.Connection[Any]], behind: Behind) -> None:
        self._pool = pool
        self._behind = behind

    def reached(self, upload_id: UUID) -> datetime | None:
        """The latest submission among those of the upload's queue that have begun lately."""
        values = {"started": AttemptStarted.NAME, "near": NEAR, "patience": PATIENCE}
        with connected(self._pool) as connection:
            # One that was submitted before the clock stepped back came before all that were submitted after it.
            begun = {one: at or EARLIEST for one, at in connection.execute(SELECT_BEGUN, values)}
        behind = self._behind([upload_id, *begun])
        in_its_queue = (at for one, at in begun.items() if (one in behind) == (upload_id in behind))
        return max(in_its_queue, default=None)

    def went_on_at(self) -> datetime | None:
        """When the log went on after a step back of the clock."""
        with connected(self._pool) as connection:
            ((at,),) = connection.execute(SELECT_WENT_ON, {"near": NEAR}).fetchall()
        return at if at is None else at.astimezone(UTC)
