"""The limit of a rebuild: PostgreSQL makes the rows of uploads that went well itself, in two statements.

It knows nothing of failures, retries and put-offs, which take the domain's fold; the rows that it does make are the
same, as the verification afterwards finds.
"""

import time
from typing import Final

import psycopg

from tests.benchmarks.contest import Figures

UPLOADS: Final = """
INSERT INTO uploads (upload_id, version, session_hash, correlation_id, original_sha256, original_size, prompt_version,
                     status, stage, reached, progress, attempt, attempts_left, lost, running, result_id,
                     created_at, updated_at, stage_since)
SELECT upload_id, max(version), min(state ->> 'session_hash'), min(replace(correlation_id::text, '-', '')),
       min(state ->> 'original_sha256'), min((state ->> 'original_size')::bigint),
       min((state ->> 'prompt_version')::integer),
       'completed', 'complete', 'complete', max((state ->> 'progress')::smallint), max((state ->> 'attempt')::integer),
       2, 0, false, min(state ->> 'result_id')::uuid, min(recorded_at), max(recorded_at), max(recorded_at)
FROM event_log GROUP BY upload_id
"""
RESULTS: Final = """
INSERT INTO results (result_id, upload_id, model, full_image, preview, created_at)
SELECT (f.state ->> 'result_id')::uuid, f.upload_id, f.state ->> 'model', f.state -> 'full', p.state -> 'preview',
       f.recorded_at
FROM event_log f JOIN event_log p USING (upload_id)
WHERE f.name = 'upload.result-stored' AND p.name = 'upload.preview-stored'
"""


def rebuild_in_sql(url: str) -> Figures:
    """Make all rows again."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE uploads, results")
        began = time.perf_counter()
        with connection.transaction():
            events = connection.execute("SELECT count(*) FROM event_log").fetchone()
            connection.execute(UPLOADS)
            connection.execute(RESULTS)
        return {"events/s": (events[0] if events else 0) / (time.perf_counter() - began)}
