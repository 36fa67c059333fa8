"""Inserts many uploads straight into the tables: the data that an ETA and a queue position are computed from."""

from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool

Pool = ConnectionPool[psycopg.Connection[Any]]

COMPLETED: Final = """
WITH lives AS MATERIALIZED (
    SELECT gen_random_uuid() AS upload_id, n * %(seconds)s AS seconds,
           -- The statistics are kept by the hour: their ends, 1 s apart or less, lie around the middle of one.
           date_trunc('hour', clock_timestamp()) - make_interval(hours => %(hours)s) + interval '30 min'
               - n * interval '1 s' AS began
    FROM generate_series(1, %(uploads)s) AS n
), rows AS (
    INSERT INTO uploads (upload_id, version, stage, status, progress, result_id, created_at, updated_at, stage_since)
    SELECT upload_id, 8, 'complete', 'completed', 100, gen_random_uuid(), began, ended, ended
    FROM lives, LATERAL (SELECT began + make_interval(secs => seconds) AS ended) AS ends
)
INSERT INTO stage_statistics (measure, hour, stage, code, model, prompt_version, bucket, count, microseconds)
SELECT 'remaining', date_trunc('hour', began + make_interval(secs => seconds)), stage, '', 'local', 1,
       greatest(ceil(8 * log(2, (seconds * (1 - share) / 0.001)::numeric)), 0)::smallint, count(*),
       sum(seconds * (1 - share) * 1000000)::bigint
FROM lives, (VALUES ('', 0.0), ('validating', 0.0), ('generating', 0.1), ('storing', 0.8), ('watermarking', 0.9))
    AS stages (stage, share)
GROUP BY 2, 3, 7
ON CONFLICT (measure, hour, stage, code, model, prompt_version, bucket)
DO UPDATE SET count = stage_statistics.count + excluded.count,
              microseconds = stage_statistics.microseconds + excluded.microseconds
"""
WAITING: Final = """
INSERT INTO uploads (upload_id, version, created_at, updated_at)
SELECT gen_random_uuid(), %(version)s, clock_timestamp() - interval '1 hour' - n * interval '1 ms', clock_timestamp()
FROM generate_series(1, %(uploads)s) AS n
"""
RUNS: Final = """
INSERT INTO leases (upload_id, worker, expires_at)
SELECT gen_random_uuid(), 'w', clock_timestamp() + interval '10 seconds' FROM generate_series(1, %(runs)s)
"""


def completed(pool: Pool, uploads: int, *, seconds: float = 1, hours: int = 1) -> None:
    """So many were completed in the hour so long ago; the n-th took n times so many seconds.

    Nine tenths of that were from generating on.
    """
    _execute(pool, COMPLETED, uploads=uploads, seconds=seconds, hours=hours)


def waiting(pool: Pool, uploads: int, *, version: int = 1) -> None:
    """So many wait since an hour."""
    _execute(pool, WAITING, uploads=uploads, version=version)


def runs(pool: Pool, count: int) -> None:
    """So many runs are under way."""
    _execute(pool, RUNS, runs=count)


def _execute(pool: Pool, statement: str, **parameters: object) -> None:
    with pool.connection() as connection:
        connection.execute(statement.encode(), parameters)
