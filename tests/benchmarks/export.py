"""Export: a log into a file, beside PostgreSQL's own COPY of the same rows into one; and how fast a log is sealed.

All read the same log in the same order and write to the same disk. What a file weighs is told beside the log itself.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psycopg

from projections.history.export import connect, csv_blocks, ndjson_blocks, settled
from projections.history.files import ExportFile
from projections.history.form import Scope
from projections.history.parquet import ParquetFile
from projections.history.seals import leaf_of
from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from tests.benchmarks.bench import Bench
from tests.benchmarks.bulk import fill
from tests.benchmarks.contest import Case, Contender, Figures, Target

UPLOADS: Final = 20_000
SAMPLE: Final = 2000
COPY: Final = "COPY (SELECT * FROM event_log ORDER BY position) TO STDOUT"
SELECT_SIZE: Final = "SELECT pg_table_size('event_log') / 2 ^ 20"
PAGE: Final = 10_000

Write = Callable[[str, Path], int]
"""Writes the log into a file; returns how many events that were."""


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """The two formats, each beside COPY, and the hashing of a reader that seals."""
    bench.rounds = min(bench.rounds, 3)  # each reads the whole log
    url = bench.database(sample=SAMPLE)
    uploads = bench.sized(UPLOADS, 50)
    fill(url, uploads)
    with psycopg.connect(url) as connection:
        (size,) = connection.execute(SELECT_SIZE).fetchone() or (0,)
    bench.note(f"The log has {uploads:,} uploads of twelve events, and takes {size:,.0f} MiB without its indexes.")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events"

        def contender(name: str, kind: str, write: Write) -> Contender:
            return Contender(name, "ours" if kind == "ours" else "limit", partial(_measure, url, path, write))

        copy = contender("COPY", "limit", _copy)
        yield [
            Case(
                "as NDJSON",
                (contender("Darkroom", "ours", _ndjson), copy),
                (Target(figure="events/s", over=("COPY",), at_least=0.7),),
            ),
            Case(
                "as Parquet",
                (contender("Darkroom", "ours", _parquet), copy),
                (Target(figure="events/s", over=("COPY",), at_least=0.3),),
            ),
            Case("sealed", (Contender("Darkroom", "ours", partial(_seal, url)),)),
        ]


def _measure(url: str, path: Path, write: Write) -> Figures:
    began = time.perf_counter()
    count = write(url, path)
    took = time.perf_counter() - began
    weight = path.stat().st_size / 2**20
    for file in path.parent.iterdir():
        file.unlink()
    return {"events/s": count / took, "MiB": weight}


def _copy(url: str, path: Path) -> int:
    count = 0
    with connect(url) as connection, connection.cursor().copy(COPY) as rows, path.open("wb") as out:
        for row in rows:
            out.write(row)
            count += 1
        out.flush()
        os.fsync(out.fileno())  # as an export is
    return count


def _ndjson(url: str, path: Path) -> int:
    file = ExportFile(path, "ndjson", Scope())
    with connect(url) as connection, connect(url) as beside:
        last = settled(connection)
        file.write(ndjson_blocks(connection, Scope(), file.open(resume=False), last, beside))
        return file.complete(last, None).count


def _parquet(url: str, path: Path) -> int:
    file = ParquetFile(path, Scope())
    with connect(url) as connection:
        last = settled(connection)
        file.write(csv_blocks(connection, Scope(), file.open(resume=False), last))
        return file.complete(last, None).count


def _seal(url: str) -> Figures:
    """What the reader that seals does for each event: reads it and makes its leaf."""
    began, count, after = time.perf_counter(), 0, 0
    with open_pool(url, 1, "bench") as pool:
        log = EventLog(pool)
        while page := log.read(after, PAGE):
            for logged in page:
                leaf_of(logged)
            count, after = count + len(page), page[-1].position
    return {"events/s": count / (time.perf_counter() - began)}
