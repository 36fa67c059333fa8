"""How long uploads usually wait for their first attempt, by the latest of them."""

from typing import Final

from projections.log.pools import Pool, connected

RECENT: Final = 500
"""Attempts that are looked at, within a day."""
ENOUGH: Final = 20

SELECT_P95: Final = """
SELECT count(*), percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) FROM (
    SELECT extract(epoch FROM began.recorded_at - submitted.recorded_at)::float AS seconds
    FROM (SELECT upload_id, recorded_at FROM event_log WHERE name = 'upload.attempt-started' AND version = 2
          ORDER BY position DESC LIMIT %(recent)s) AS began
    JOIN event_log submitted ON submitted.upload_id = began.upload_id AND submitted.version = 1
    WHERE began.recorded_at > clock_timestamp() - interval '1 day'
) AS waits
"""


def p95_wait(pool: Pool) -> float | None:
    """In seconds; None while fewer than ENOUGH uploads began within a day. Raises LogUnavailableError."""
    with connected(pool) as connection:
        ((count, seconds),) = connection.execute(SELECT_P95, {"recent": RECENT}).fetchall()
    return None if count < ENOUGH else float(seconds)
