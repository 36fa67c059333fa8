"""Forecasts for an open upload: its queue position, and the time left, estimated from recent uploads.

The queue and the band of each stage are cached for all polls, so that no poll runs a heavy query. There is no ETA
without enough recent uploads, while the upload waits for a retry, or when it takes longer than 90% of recent uploads.
If no upload is ahead and no run is active, the time waited counts as spent: an idle worker should take the upload now.
Times are by the clock of PostgreSQL, as in the log.
"""

import asyncio
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from math import ceil
from typing import Final, NamedTuple

from msgspec import Struct
from psycopg.rows import args_row, class_row

from domain.stages import Stage, Status
from projections.log.throttled import ThrottledWarning
from projections.queries.cache import TimedCache
from projections.queries.status import StatusReader, StatusRow
from projections.statistics.buckets import percentile

QUEUE_SECONDS: Final = 1.0
"""How old a queue position may be."""
BANDS_SECONDS: Final = 15.0
"""How old the bands may be."""
LONGEST_QUEUE: Final = 10_000
"""An upload behind this many others gets no position."""
RECENT: Final = 200
"""A band is computed from the uploads of the latest hours that have this many, or of the last 24."""
ENOUGH: Final = 20
"""With fewer uploads there is no ETA."""

# Looked up once: Python 3.11 calls a function for each look at an enum's member.
PENDING, PROCESSING = Status.PENDING, Status.PROCESSING
FORECAST_SECONDS: Final = 1.0
"""The longest that a poll waits for a forecast. After it, the answer contains none."""

# statement_timestamp() is never later than the rows that the statement sees.
SELECT_QUEUE: Final = """
SELECT (SELECT count(*) FROM live_leases) AS runs,
       ARRAY(SELECT created_at FROM uploads WHERE status = 'pending' AND version > 0
             ORDER BY created_at LIMIT %s) AS waiting
"""
# The time from the start of a stage to completion, including temporary failures. Retried uploads are left out, because
# their time includes the hours until the retry was requested. The latest hours with enough uploads are taken whole.
SELECT_BANDS: Final = """
WITH hours AS (
    SELECT hour, sum(sum(count)) OVER (ORDER BY hour DESC) - sum(count) AS newer FROM stage_statistics
    WHERE measure = 'remaining' AND stage = '' AND hour > statement_timestamp() - interval '24 hours' GROUP BY hour
)
SELECT nullif(s.stage, '') AS stage, s.bucket::int AS bucket, statement_timestamp() AS at, sum(s.count)::int AS uploads,
       sum(s.microseconds)::bigint AS microseconds
FROM hours JOIN stage_statistics s ON s.measure = 'remaining' AND s.hour = hours.hour
WHERE hours.newer < %s GROUP BY s.stage, s.bucket
"""


class Eta(Struct, frozen=True):
    """The time left in whole seconds: 50% and 90% of recent uploads took no longer."""

    p50_seconds: int
    p90_seconds: int


class Forecast(Struct, frozen=True):
    """The queue position, which counts the uploads ahead, and the ETA. Each is None if it is not known."""

    queue_position: int | None = None
    eta: Eta | None = None


NOTHING: Final = Forecast()
STAGES: Final = frozenset(Stage)


class Queue(Struct, frozen=True):
    """The number of active runs, and the submission times of the waiting uploads, the oldest first."""

    runs: int
    waiting: list[datetime]

    def holds(self, row: StatusRow) -> bool:
        """Whether the upload is in the queue as it was read."""
        index = bisect_left(self.waiting, row.created_at)
        return index < len(self.waiting) and self.waiting[index] == row.created_at

    def position(self, row: StatusRow) -> int | None:
        """The number of uploads ahead; None if not all were counted."""
        ahead = bisect_left(self.waiting, row.created_at)
        return ahead if ahead < LONGEST_QUEUE else None


class Band(Struct, frozen=True):
    """The seconds from the start of a stage to completion; from the start of the run if the stage is None."""

    stage: Stage | None
    at: datetime
    uploads: int
    mean: float
    p50: float
    p90: float

    def eta(self, *, ahead: float = 0, spent: float = 0) -> Eta | None:
        """The time left, with the wait ahead added and the time already spent subtracted; both in seconds."""
        longest = self.p90 + ahead - spent
        if self.uploads < ENOUGH or longest <= 0:
            return None
        return Eta(max(ceil(self.p50 + ahead - spent), 0), ceil(longest))


class _Remaining(NamedTuple):
    """How many uploads took about so long; the columns of SELECT_BANDS."""

    stage: str | None
    bucket: int
    at: datetime
    uploads: int
    microseconds: int


class Bands(Struct, frozen=True):
    """The band of each stage, and the time of reading by the clock of this process."""

    by_stage: Mapping[Stage | None, Band]
    read_at: float

    def spent(self, band: Band, row: StatusRow, clock: float) -> float:
        """How long the upload has been in its stage, or has waited, in seconds."""
        now = band.at + timedelta(seconds=clock - self.read_at)
        return (now - row.stage_since).total_seconds()


class Forecaster:
    """Makes forecasts, on one event loop."""

    def __init__(self, reader: StatusReader, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._clock = clock
        self._queue = TimedCache(self._read_queue, QUEUE_SECONDS, clock)
        self._failed = ThrottledWarning("forecast.failed", clock)
        self._bands = TimedCache(self._read_bands, BANDS_SECONDS, clock)
        self.left_out = 0
        """How many stages the last reading of the bands left out, because a newer version wrote them."""

    async def forecast(self, row: StatusRow) -> Forecast:
        """The forecast for the upload; NOTHING if it has ended, or if it cannot be made: a poll does without."""
        if (forecast := self.forecast_at_once(row)) is not None:
            return forecast
        try:
            if row.status == PENDING:
                return self._waiting(row, *await self._ask(row))
            _, bands = await self._ask(None)
            return Forecast(eta=self._running(row, bands))
        except Exception as error:  # noqa: BLE001 - what adorns an answer must not fail it
            self._failed.warn(repr(error), upload_id=str(row.upload_id))
        return NOTHING

    def forecast_at_once(self, row: StatusRow) -> Forecast | None:
        """The same, of what is cached; None where PostgreSQL must be asked first."""
        try:
            # Compare with ==, not `is`: a row from the database contains plain strings.
            if row.status == PENDING:
                queue, bands = self._queue.peek(accept=lambda queue: queue.holds(row)), self._bands.peek()
                return self._waiting(row, queue, bands) if queue and bands else None
            if row.status == PROCESSING and row.running:
                bands = self._bands.peek()
                return Forecast(eta=self._running(row, bands)) if bands else None
        except Exception as error:  # noqa: BLE001 - what adorns an answer must not fail it
            self._failed.warn(repr(error), upload_id=str(row.upload_id))
        return NOTHING

    async def _ask(self, waiting: StatusRow | None) -> tuple[Queue | None, Bands | None]:
        """The queue, if an upload that waits is given, and the bands; None for both after a timeout."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FORECAST_SECONDS):
                queue = await self._queue.get(accept=lambda queue: queue.holds(waiting)) if waiting else None
                return queue, await self._bands.get()
        return None, None

    def _running(self, row: StatusRow, bands: Bands | None) -> Eta | None:
        band = bands.by_stage.get(row.stage) if bands else None
        if bands is None or band is None:
            return None
        return band.eta(spent=bands.spent(band, row, self._clock()))

    def _waiting(self, row: StatusRow, queue: Queue | None, bands: Bands | None) -> Forecast:
        position = queue.position(row) if queue else None
        band = bands.by_stage.get(None) if bands else None
        if queue is None or bands is None or position is None or band is None or row.retry_at:
            return Forecast(position)
        if queue.runs:
            return Forecast(position, band.eta(ahead=position * band.mean / queue.runs))
        if position:
            return Forecast(position)  # no run is active, so the wait for the uploads ahead is unknown
        return Forecast(position, band.eta(spent=bands.spent(band, row, self._clock())))

    async def _read_queue(self) -> Queue:
        (queue,) = await self._reader.select(SELECT_QUEUE, class_row(Queue), LONGEST_QUEUE)
        return queue

    async def _read_bands(self) -> Bands:
        read_at = self._clock()
        rows = await self._reader.select(SELECT_BANDS, args_row(_Remaining), RECENT)
        by_stage: dict[str | None, list[_Remaining]] = defaultdict(list)
        for row in rows:
            by_stage[row.stage].append(row)
        known = {stage: found for stage, found in by_stage.items() if stage is None or stage in STAGES}
        self.left_out = len(by_stage) - len(known)
        bands = [_band(Stage(stage) if stage else None, found) for stage, found in known.items()]
        return Bands({band.stage: band for band in bands}, read_at)


def _band(stage: Stage | None, found: Sequence[_Remaining]) -> Band:
    counts = {row.bucket: row.uploads for row in found}
    uploads = sum(counts.values())
    mean = sum(row.microseconds for row in found) / 1_000_000 / uploads
    p50, p90 = percentile(counts, 0.5) or 0, percentile(counts, 0.9) or 0
    return Band(stage, found[0].at, uploads, mean, p50, p90)
