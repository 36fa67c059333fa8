"""Uploads by the million: lives copied in PostgreSQL itself, event by event and valid, and the rows made of them."""

from typing import Final

import psycopg

from domain.mapper import EventMapper
from projections.log.appending import row_of
from projections.rows.projector import READER
from tests.benchmarks.lives import SESSION_HASH, life
from tests.benchmarks.sql_rebuild import RESULTS, UPLOADS

CHUNK: Final = 20_000
INSERT: Final = """
INSERT INTO event_log (upload_id, version, name, event_id, actor, correlation_id, schema_version, state)
SELECT u.id, e.version, e.name, gen_random_uuid(), e.actor, e.correlation_id, e.schema_version,
       replace(replace(e.facts, e.upload, u.id::text), e.result, md5(u.id::text)::uuid::text)::jsonb
FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, %(uploads)s)) u
CROSS JOIN unnest(%(versions)s::int[], %(names)s::text[], %(actors)s::text[], %(correlation_ids)s::uuid[],
                  %(schema_versions)s::int[], %(facts)s::text[], %(uploads_of)s::text[], %(results)s::text[])
               AS e (version, name, actor, correlation_id, schema_version, facts, upload, result)
"""
ROWS: Final = """
INSERT INTO uploads (upload_id, version, session_hash, correlation_id, original_sha256, original_size, status, stage,
                     reached, progress, attempt, attempts_left, result_id)
SELECT gen_random_uuid(), 12, %(session_hash)s, md5(n::text), %(session_hash)s, 123456, 'completed', 'complete',
       'complete', 100, 1, 2, gen_random_uuid()
FROM generate_series(1, %(uploads)s) AS n
"""
DONE: Final = f"""
INSERT INTO positions (reader, position) SELECT '{READER}', max(position) FROM event_log
ON CONFLICT (reader) DO UPDATE SET position = excluded.position
"""


def fill(url: str, uploads: int) -> None:
    """Make an empty database hold so many uploads that went well, their events and their rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for begin in range(0, uploads, CHUNK):
            connection.execute(INSERT, {"uploads": min(CHUNK, uploads - begin), **_template()})
        connection.execute("SET work_mem = '256MB'")
        for statement in (UPLOADS, RESULTS, DONE):
            connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE event_log, uploads, results")


def fill_rows(url: str, uploads: int) -> None:
    """Make an empty database hold the rows of so many uploads that went well, without their events."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(ROWS, {"uploads": uploads, "session_hash": SESSION_HASH})
        connection.execute("VACUUM ANALYZE uploads")


def _template() -> dict[str, list[object]]:
    events = life()
    rows = [row_of(EventMapper().to_stored_event(event)) for event in events]
    (result_id,) = {str(event.result_id) for event in events if hasattr(event, "result_id")}
    return {
        "versions": [row["version"] for row in rows],
        "names": [row["name"] for row in rows],
        "actors": [row["actor"] for row in rows],
        "correlation_ids": [row["correlation_id"] for row in rows],
        "schema_versions": [row["schema_version"] for row in rows],
        "facts": [row["state"] for row in rows],
        "uploads_of": [str(event.originator_id) for event in events],
        "results": [result_id] * len(rows),
    }
