"""Search: what a search of support takes among ten million uploads.

The rows are made in PostgreSQL itself: submitted over a year, three in a hundred failed, some of them repeated, some
still waiting. Each search is made as staff make it: a page of 50, and the count up to 10,000. Its bound is 200 ms.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from typing import Final
from uuid import UUID

import psycopg

from domain.failures import FailureCode
from domain.stages import Stage, Status
from projections.log.connections import open_pool
from projections.log.schema import migrate
from projections.queries.search import Search, find
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case, Contender, Figures, Target

UPLOADS: Final = 10_000_000
PAGE: Final = 50
TIMES: Final = 20
BOUND_MS: Final = 200
MADE: Final = """
INSERT INTO uploads (upload_id, version, session_hash, correlation_id, original_sha256, original_size, status, stage,
                     reached, progress, attempt, attempts_left, result_id, error_code, error_message, failed_stage,
                     created_at, updated_at)
SELECT gen_random_uuid(), 12, md5((random() * %(sessions)s)::int::text) || md5('x'), md5(n::text),
       repeat('b', 64), 123456,
       CASE kind WHEN 'f' THEN 'failed' WHEN 'p' THEN 'pending' ELSE 'completed' END,
       CASE kind WHEN 'f' THEN 'failed' WHEN 'p' THEN NULL ELSE 'complete' END,
       CASE kind WHEN 'f' THEN 'generating' WHEN 'p' THEN NULL ELSE 'complete' END,
       CASE kind WHEN 'f' THEN 30 WHEN 'p' THEN 0 ELSE 100 END,
       CASE kind WHEN 'f' THEN 1 + floor(random() * 5) WHEN 'p' THEN 0 ELSE 1 END, 2,
       CASE WHEN kind = 'c' THEN gen_random_uuid() END,
       CASE WHEN kind = 'f' THEN CASE WHEN random() < 0.9 THEN 'WORKER_LOST' ELSE 'CONTENT_BLOCKED' END END,
       CASE WHEN kind = 'f' THEN 'x' END, CASE WHEN kind = 'f' THEN 'generating' END, at, at + interval '20 seconds'
FROM (
    SELECT n, CASE WHEN r < 0.03 THEN 'f' WHEN r < 0.0305 THEN 'p' ELSE 'c' END AS kind,
           clock_timestamp() - random() * interval '365 days' AS at
    FROM (SELECT n, random() AS r FROM generate_series(1, %(uploads)s) AS n) AS rolled
) AS kinds
"""
GROUPED: Final = """
INSERT INTO failure_group_uploads
SELECT '0123456789abcdef', upload_id FROM uploads WHERE error_code = 'CONTENT_BLOCKED';
INSERT INTO failure_groups VALUES ('0123456789abcdef', 'CONTENT_BLOCKED', 'generating', 'x', 1, 1, now(), now(), 1)
"""


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """Every kind of search, on the same rows."""
    uploads = bench.sized(UPLOADS, 2_000)
    url = bench.database(ours=False)  # rows without events: there is nothing to verify
    migrate(url)
    began = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(MADE, {"uploads": uploads, "sessions": uploads // 100})
        connection.execute(GROUPED)
        connection.execute("VACUUM ANALYZE uploads, failure_group_uploads")
        query = "SELECT upload_id, session_hash FROM uploads LIMIT 1 OFFSET %s"
        ((some, session),) = connection.execute(query, (uploads // 2,)).fetchall()
    bench.note(f"{uploads:,} rows were made in {time.monotonic() - began:.0f} s.")
    bench.rounds = 1
    yield [
        Case(
            name,
            (Contender("Darkroom", "ours", partial(_measure, url, search, bench.sized(TIMES, 1))),),
            (Target(figure="ms p95", at_most=BOUND_MS),),
        )
        for name, search in searches(some, session).items()
    ]


def searches(some: UUID, session: str) -> dict[str, Search]:
    """One of each kind, by its name."""
    beginning = some.int >> 96 << 96
    now = datetime.now(UTC)
    return {
        "everything": Search(),
        "half an id": Search(job_ids=(UUID(int=beginning), UUID(int=beginning + 2**96 - 1))),
        "a session": Search(session=session),
        "failed": Search(status=Status.FAILED),
        "failed within a day": Search(status=Status.FAILED, created_after=now - timedelta(days=1)),
        "a seldom code": Search(error_code=FailureCode.CONTENT_BLOCKED),
        "a code that never was": Search(error_code=FailureCode.NOT_AN_IMAGE),
        "pending": Search(status=Status.PENDING),
        "a stage": Search(stage=Stage.GENERATING),
        "completed": Search(status=Status.COMPLETED),
        "five attempts": Search(min_attempt=5),
        "stands still": Search(stands_still=True),
        "waits long": Search(waits_over=60),
        "put off": Search(put_off=True),
        "a person's": Search(last_actor="staff:erika"),
        "a group of failures": Search(failure_group="0123456789abcdef", status=Status.FAILED),
    }


def _measure(url: str, search: Search, times: int) -> Figures:
    pool = open_pool(url, 1, "search", 60)
    took = []
    try:
        for _ in range(times):
            began = time.perf_counter()
            find(pool, search, None, PAGE)
            took.append((time.perf_counter() - began) * 1000)
    finally:
        pool.close()
    took.sort()
    return {"ms median": took[len(took) // 2], "ms p95": took[ceil(len(took) * 0.95) - 1]}
