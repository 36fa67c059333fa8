"""How many actions one staff member may do in an hour, so that a lost token or a slip does little harm.

Counted are the events that name the person, and the uploads that a bulk action of theirs has not come to yet.
"""

from typing import Final

from domain.errors import StaffLimitError
from projections.log.pools import Pool, connected

# The prefix of the actor is that of the index event_log_staff_idx. What lies ahead is from before PostgreSQL's clock
# stepped back, and would count for longer than an hour.
SELECT_DONE: Final = """
SELECT d.count + b.count, ceil(extract(epoch FROM d.first + interval '1 hour' - clock_timestamp()))::integer
FROM (SELECT count(*) AS count, min(recorded_at) AS first FROM event_log
      WHERE actor LIKE 'staff:%%' AND actor = %(actor)s
        AND recorded_at BETWEEN clock_timestamp() - interval '1 hour' AND clock_timestamp() + interval '1 second') AS d,
     (SELECT count(*) AS count FROM bulk_actions JOIN bulk_uploads USING (bulk_id)
      WHERE state = 'running' AND started_by = %(actor)s AND outcome IS NULL) AS b
"""
AGAIN_SECONDS: Final = 60
"""When to ask again where only a bulk action is in the way."""


class Allowance:
    """What one person may do in an hour; 0 is no limit."""

    def __init__(self, pool: Pool, per_hour: int) -> None:
        self._pool = pool
        self._per_hour = per_hour

    def demand(self, actor: str, actions: int = 1) -> None:
        """Return if the person may do so many more. Raises StaffLimitError, LogUnavailableError."""
        if not self._per_hour:
            return
        with connected(self._pool) as connection:
            ((done, seconds),) = connection.execute(SELECT_DONE, {"actor": actor}).fetchall()
        if done + actions > self._per_hour:
            raise StaffLimitError(actions, done, self._per_hour, max(seconds or AGAIN_SECONDS, 1))
