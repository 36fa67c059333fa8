"""Many uploads at once, written past every command: what an ETA and a queue position are made of."""

from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool

Pool = ConnectionPool[psycopg.Connection[Any]]

COMPLETED: Final = """
WITH lives AS MATERIALIZED (
    SELECT gen_random_uuid() AS upload_id, n * %(seconds)s AS seconds,
           clock_timestamp() - make_interval(hours => %(hours)s) - n * interval '1 s' AS began
    FROM generate_series(1, %(uploads)s) AS n
), rows AS (
    INSERT INTO uploads (upload_id, version, stage, status, progress, result_id, created_at, updated_at, stage_since)
    SELECT upload_id, 8, 'complete', 'completed', 100, gen_random_uuid(), began, ended, ended
    FROM lives, LATERAL (SELECT began + make_interval(secs => seconds) AS ended) AS ends
)
INSERT INTO event_log (upload_id, version, name, state, recorded_at)
SELECT upload_id, version, name,
       jsonb_build_object('event_id', gen_random_uuid(), 'actor', 'a', 'correlation_id', 'c', 'stage', stage),
       began + make_interval(secs => share * seconds)
FROM lives, (VALUES (2, 'upload.attempt-started', NULL, 0.0), (3, 'upload.stage-advanced', 'validating', 0.0),
                    (4, 'upload.stage-advanced', 'generating', 0.1), (5, 'upload.stage-advanced', 'generating', 0.5),
                    (6, 'upload.stage-advanced', 'storing', 0.8), (7, 'upload.stage-advanced', 'watermarking', 0.9),
                    (8, 'upload.stage-advanced', 'complete', 1.0)) AS events (version, name, stage, share)
"""
SEEN: Final = """
INSERT INTO positions (reader, position) SELECT 'projector', max(position) FROM event_log
ON CONFLICT (reader) DO UPDATE SET position = excluded.position
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
    """So many were completed so long ago; the n-th took n times so many seconds, 0.9 of that from generating on."""
    _execute(pool, COMPLETED, uploads=uploads, seconds=seconds, hours=hours)
    _execute(pool, SEEN)  # their rows are there already


def waiting(pool: Pool, uploads: int, *, version: int = 1) -> None:
    """So many wait since an hour."""
    _execute(pool, WAITING, uploads=uploads, version=version)


def runs(pool: Pool, count: int) -> None:
    """So many runs are under way."""
    _execute(pool, RUNS, runs=count)


def _execute(pool: Pool, statement: str, **parameters: object) -> None:
    with pool.connection() as connection:
        connection.execute(statement.encode(), parameters)
