"""The clock of all workers: PostgreSQL's time, because the clocks of their own machines may be wrong by minutes.

PostgreSQL's clock may be stepped, too. A step back is dealt with where times are compared. A step ahead lets every
lease expire at one moment, those of live runs too, so what judges by leases watches for it.
"""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.errors import LogUnavailableError
from projections.log.clock import read_clock
from projections.log.pools import Pool, connected

LEAP: Final = timedelta(seconds=5)
"""The lease of a live run has more than that left (workers/queue/leases.py), and a busy machine is late by less."""


class LogClock:
    """A Clock. While PostgreSQL is away it goes on from what it was last told, at first from the machine's own time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._told = datetime.now(UTC), time.monotonic()

    def __call__(self) -> datetime:
        """The time, in UTC."""
        with suppress(LogUnavailableError), connected(self._pool) as connection:
            self._told = read_clock(connection).astimezone(UTC), time.monotonic()
        told, at = self._told
        return told + timedelta(seconds=time.monotonic() - at)


class LeapWatch:
    """Notices that PostgreSQL's clock was stepped ahead, or that this process stood still where no clock counts."""

    def __init__(self) -> None:
        self._told: tuple[datetime, float] | None = None

    def has_leapt(self, now: datetime) -> bool:
        """Whether more time has passed for PostgreSQL, which says that it is `now`, than for this process."""
        told, self._told = self._told, (now, time.monotonic())
        if told is None:
            return False
        passed = timedelta(seconds=self._told[1] - told[1])
        return now - told[0] > passed + LEAP
