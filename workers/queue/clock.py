"""What time it is for all workers: PostgreSQL's time. That of their own machines may be wrong by minutes."""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.errors import LogUnavailableError
from projections.log.connections import Pool, connected

SELECT_NOW: Final = "SELECT clock_timestamp()"


class LogClock:
    """A Clock. While PostgreSQL is away it goes on from what it was last told, at first from the machine's own time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._told = datetime.now(UTC), time.monotonic()

    def __call__(self) -> datetime:
        """The time, in UTC."""
        try:
            with connected(self._pool) as connection:
                row = connection.execute(SELECT_NOW).fetchone()
        except LogUnavailableError:
            row = None
        if row:
            self._told = row[0].astimezone(UTC), time.monotonic()
        told, at = self._told
        return told + timedelta(seconds=time.monotonic() - at)
