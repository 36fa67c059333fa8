"""How many positions the rows are behind the log. A poll may answer from the log before the row says the same.

So what asks the rows after a poll waits for the projector first, but not for long: where the projector stands still,
old rows are better than no answer, with the number of positions that they lack.
"""

import time
from typing import Final

from projections.log.pools import Pool, connected
from projections.rows.projector import READER as PROJECTOR

WAIT_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 0.02

SELECT_HEAD: Final = "SELECT coalesce(max(position), 0) FROM event_log"
SELECT_BEHIND: Final = """
SELECT greatest(%(head)s - coalesce((SELECT position FROM positions WHERE reader = %(reader)s), 0), 0)
"""


def positions_behind(pool: Pool, reader: str = PROJECTOR) -> int:
    """How many positions of the log a reader lacks after WAIT_SECONDS at most. Raises LogUnavailableError."""
    deadline = time.monotonic() + WAIT_SECONDS
    with connected(pool) as connection:
        (head,) = connection.execute(SELECT_HEAD).fetchall()[0]
    while True:
        with connected(pool) as connection:
            (behind,) = connection.execute(SELECT_BEHIND, {"head": head, "reader": reader}).fetchall()[0]
        if not behind or time.monotonic() > deadline:
            return int(behind)
        time.sleep(PAUSE_SECONDS)
