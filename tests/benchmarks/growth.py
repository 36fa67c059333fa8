"""Growth: what a million uploads weigh, what appends and polls cost then, and what is left of their writes.

Uploads that went well, twelve events each, are made in PostgreSQL itself. Then four writers append to that log, one
event a transaction, and a hundred random rows are read by the poll's own query, in one go. Ten million rows are also
made without their events, for which few disks have room: polls need no more.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from shutil import disk_usage
from statistics import median
from tempfile import gettempdir
from typing import Final
from uuid import uuid4

import psycopg

from projections.log.schema import migrate
from projections.queries.status import SELECT_STATUSES
from tests.benchmarks.bench import Bench
from tests.benchmarks.bloat import write_lives
from tests.benchmarks.bulk import fill, fill_rows
from tests.benchmarks.contest import Case, Contender, Figures, Target
from tests.benchmarks.lives import EVENTS
from tests.benchmarks.writers import Writers

SIZES: Final = (10_000, 100_000, 1_000_000, 10_000_000)
BYTES: Final = 9000
"""That an upload takes on the disk, with its share of the write-ahead log."""
WRITTEN: Final = 1_000_000
WRITERS: Final = 4
SAMPLE: Final = 2000
POLLS: Final = 200
SELECT_SIZES: Final = """
SELECT pg_table_size('event_log') / 2 ^ 20, pg_indexes_size('event_log') / 2 ^ 20,
       pg_table_size('uploads') / 2 ^ 20, pg_indexes_size('uploads') / 2 ^ 20
"""
LIGHT: Final = (
    Target(figure="bytes an event", at_most=300),
    Target(figure="bytes of indexes an event", at_most=100),
)
SELECT_ID: Final = "SELECT upload_id FROM uploads WHERE upload_id >= %s ORDER BY upload_id LIMIT 1"


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """Every size, and then the writes."""
    bench.rounds = 1
    bench.note(f"Verified is a sample of {SAMPLE:,} uploads of each size.")
    yield [
        *(_size(bench, size) for size in _sizes(bench)),
        _rows(bench, bench.sized(SIZES[-1], 100)),
        _bloat(bench, bench.sized(WRITTEN, 1000)),
    ]


def _sizes(bench: Bench) -> list[int]:
    """Those for which there is room."""
    if bench.quick:
        return [size // 1000 for size in SIZES[:2]]
    free = disk_usage(gettempdir()).free
    for size in (large := [size for size in SIZES if size * BYTES > free]):
        bench.note(f"{size:,} uploads are left out: they take {size * BYTES >> 30} GiB, and {free >> 30} are free.")
    return [size for size in SIZES if size not in large]


def _size(bench: Bench, uploads: int) -> Case:
    measure = partial(_measure, bench, uploads, bench.sized(5, 1))
    return Case(f"{uploads:,} uploads", (Contender("Darkroom", "ours", measure),), LIGHT)


def _rows(bench: Bench, uploads: int) -> Case:
    measure = partial(_measure_rows, bench, uploads)
    return Case(f"{uploads:,} rows alone", (Contender("Darkroom", "ours", measure),))


def _measure(bench: Bench, uploads: int, seconds: float) -> Figures:
    url = bench.database(sample=SAMPLE)
    began = time.monotonic()
    fill(url, uploads)
    bench.note(f"{uploads:,} uploads and their events were made in {time.monotonic() - began:.0f} s.")
    with psycopg.connect(url) as connection:
        events, event_indexes, rows, row_indexes = connection.execute(SELECT_SIZES).fetchone() or (0, 0, 0, 0)
    with Writers("darkroom", url, WRITERS) as writers:
        appended = writers.round(WRITERS, seconds)
    return {
        "MiB event_log": events,
        "MiB its indexes": event_indexes,
        "bytes an event": events * 2**20 / (uploads * EVENTS),
        "bytes of indexes an event": event_indexes * 2**20 / (uploads * EVENTS),
        "MiB uploads": rows,
        "MiB their indexes": row_indexes,
        "appends/s": len(appended) / seconds,
        "us a polled row": _polled(url),
    }


def _measure_rows(bench: Bench, uploads: int) -> Figures:
    url = bench.database(ours=False)  # rows without events: there is nothing to verify
    migrate(url)
    fill_rows(url, uploads)
    with psycopg.connect(url) as connection:
        _, _, rows, row_indexes = connection.execute(SELECT_SIZES).fetchone() or (0, 0, 0, 0)
    return {"MiB uploads": rows, "MiB their indexes": row_indexes, "us a polled row": _polled(url)}


def _polled(url: str) -> float:
    """The median of many queries for a hundred rows each, by the row."""
    took = []
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(POLLS):
            ids = [connection.execute(SELECT_ID, (uuid4(),)).fetchone() for _ in range(100)]
            began = time.perf_counter()
            connection.execute(SELECT_STATUSES, ([found[0] for found in ids if found],), prepare=True).fetchall()
            took.append(time.perf_counter() - began)
    return median(took) / 100 * 1e6


def _bloat(bench: Bench, uploads: int) -> Case:
    def database() -> str:
        url = bench.database(ours=False)  # rows without events: there is nothing to verify
        migrate(url)
        return url

    ours, theirs = (partial(write_lives, database(), uploads, as_postgresql_would=way) for way in (False, True))
    contenders = (Contender("Darkroom", "ours", ours), Contender("PostgreSQL's defaults", "peer", theirs))
    return Case(f"writes of {uploads:,} uploads", contenders)
