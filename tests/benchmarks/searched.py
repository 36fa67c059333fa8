"""The rows that `search` looks through, made in PostgreSQL itself, in pieces: the disk and the time bound them.

Submitted over a year, in no order. Three in a hundred failed, up to five attempts; some completed at a second attempt;
some wait, are put off or run. Each index but the primary key is made at the end, in a tenth of the time.
"""

import time
from collections.abc import Callable
from shutil import disk_usage
from tempfile import gettempdir
from typing import Final

import psycopg

CHUNK: Final = 250_000
BYTES: Final = 1_500
"""That a row takes on the disk, with its share of the indexes and of the write-ahead log."""
ERIKA: Final = "staff:erika"
MAX: Final = "staff:max"
RECENT: Final = "0123456789abcdef"
OLD: Final = "00000000000000ff"
"""A group of failures that ended long ago."""
TORN: Final = "00000000000000fe"
"""The same with one of today."""

ROWS: Final = """
INSERT INTO uploads (upload_id, version, session_hash, correlation_id, original_sha256, original_size, status, stage,
                     reached, progress, attempt, attempts_left, running, waiting_for, retry_at, result_id, error_code,
                     error_message, failed_stage, created_at, updated_at, stage_since)
SELECT gen_random_uuid(), 12, md5((random() * %(sessions)s)::int::text) || md5('x'), md5(n::text),
       repeat('b', 64), 123456,
       CASE kind WHEN 'f' THEN 'failed' WHEN 'p' THEN 'pending' WHEN 'r' THEN 'processing' ELSE 'completed' END,
       CASE kind WHEN 'f' THEN 'failed' WHEN 'p' THEN NULL WHEN 'r' THEN 'generating' ELSE 'complete' END,
       CASE kind WHEN 'f' THEN 'generating' WHEN 'p' THEN NULL WHEN 'r' THEN 'generating' ELSE 'complete' END,
       CASE kind WHEN 'f' THEN 30 WHEN 'p' THEN 0 WHEN 'r' THEN 50 ELSE 100 END,
       CASE kind WHEN 'f' THEN 1 + floor(random() * 5) WHEN 'p' THEN 0 WHEN 'r' THEN 1
                 ELSE 1 + (random() < 0.01)::int END, 2,
       kind = 'r', CASE WHEN kind = 'r' AND n %% 2 = 0 THEN 'GENERATION_PAUSED' END,
       CASE WHEN kind = 'r' AND n %% 2 = 0 THEN clock_timestamp() + interval '1 day' END,
       CASE WHEN kind = 'c' THEN gen_random_uuid() END,
       CASE WHEN kind = 'f' THEN CASE WHEN random() < 0.9 THEN 'WORKER_LOST' ELSE 'CONTENT_BLOCKED' END END,
       CASE WHEN kind = 'f' THEN 'x' END, CASE WHEN kind = 'f' THEN 'generating' END, at, at + interval '20 seconds', at
FROM (
    SELECT n, CASE WHEN r < 0.03 THEN 'f' WHEN r < 0.0305 THEN 'p' WHEN r < 0.031 THEN 'r' ELSE 'c' END AS kind,
           clock_timestamp() - random() * interval '365 days' AS at
    FROM (SELECT n, random() AS r FROM generate_series(1, %(rows)s) AS n) AS rolled
) AS kinds
"""
# Erika acted on some, and Max acted after her on half of these.
ACTED_ON: Final = """
INSERT INTO event_log (upload_id, version, name, event_id, actor, correlation_id, schema_version, state)
SELECT upload_id, 12 + turn, 'upload.noted', gen_random_uuid(), CASE turn WHEN 1 THEN %(erika)s ELSE %(max)s END,
       gen_random_uuid(), 1, '{}'
FROM (SELECT upload_id, row_number() OVER () AS n FROM (SELECT upload_id FROM uploads LIMIT %(acted)s) AS few) AS acted
CROSS JOIN generate_series(1, 2) AS turn WHERE turn = 1 OR n %% 2 = 0
"""
GROUPED: Final = f"""
INSERT INTO failure_group_uploads
SELECT '{RECENT}', upload_id, created_at FROM uploads WHERE error_code = 'CONTENT_BLOCKED';
INSERT INTO failure_group_uploads
SELECT g, upload_id, created_at FROM uploads, (VALUES ('{OLD}'), ('{TORN}')) AS groups (g)
WHERE status = 'completed' AND attempt = 2 AND created_at < clock_timestamp() - interval '300 days';
INSERT INTO failure_group_uploads
SELECT '{TORN}', upload_id, created_at FROM uploads ORDER BY created_at DESC LIMIT 1;
INSERT INTO failure_groups (group_id, code, stage, cause, uploads, sessions, first_at, last_at, last_position)
SELECT group_id, CASE group_id WHEN '{RECENT}' THEN 'CONTENT_BLOCKED' ELSE 'WORKER_LOST' END, 'generating', 'x',
       count(*), 1, min(created_at), max(created_at), 1
FROM failure_group_uploads GROUP BY group_id
"""
SELECT_INDEXES: Final = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = current_schema AND tablename = 'uploads' AND indexname <> 'uploads_pkey' ORDER BY indexname
"""


def fill(url: str, uploads: int, deadline: float, note: Callable[[str], None]) -> int:
    """Make an empty database hold so many uploads, or as many as fit; how many it holds."""
    began = time.monotonic()
    if (free := disk_usage(gettempdir()).free // 2 // BYTES) < uploads:
        note(f"{uploads:,} rows need {uploads * BYTES >> 30} GiB twice over, which are not free: {free:,} are made.")
        uploads = free
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '512MB'")
        indexes: dict[str, str] = dict(connection.execute(SELECT_INDEXES).fetchall())
        for name in indexes:
            connection.execute(f"DROP INDEX {name}".encode())
        made = 0
        while made < uploads and (not made or time.monotonic() < deadline):
            rows = min(CHUNK, uploads - made)
            connection.execute(ROWS, {"rows": rows, "sessions": max(uploads // 100, 1)})
            made += rows
        for definition in indexes.values():
            connection.execute(definition.encode())
        connection.execute(ACTED_ON, {"erika": ERIKA, "max": MAX, "acted": min(made // 100, 20_000)})
        connection.execute(GROUPED.encode())
        connection.execute("VACUUM ANALYZE uploads, failure_group_uploads, failure_groups, event_log")
    note(f"{made:,} rows were made in {time.monotonic() - began:.0f} s.")
    if made < uploads:
        note(f"{uploads:,} were to be made: the time was over.")
    return made
