"""Bloat: what is left in `uploads` of the writes of a million uploads, ten writes each.

The writes are those of the projector, made in PostgreSQL itself, a hundred uploads going on together. The peer is the
same table as PostgreSQL would have it: pages filled to the brim, a vacuum after a fifth of the table, and indexes over
`updated_at`, which every write changes.
"""

from typing import Final

import psycopg

from tests.benchmarks.contest import Figures

TOGETHER: Final = 100
BATCHES: Final = 10
"""In one call: PostgreSQL counts what was written at its end, and without a count it does not vacuum."""
WRITE_LIVES: Final = """
CREATE PROCEDURE write_lives(batches int, together int) LANGUAGE plpgsql AS $$
DECLARE
    ids uuid[];
    step int;
BEGIN
    FOR batch IN 1..batches LOOP
        ids := ARRAY(SELECT gen_random_uuid() FROM generate_series(1, together));
        INSERT INTO uploads (upload_id, version, session_hash, correlation_id, original_sha256, original_size)
        SELECT id, 1, repeat('a', 64), repeat('c', 32), repeat('b', 64), 123456 FROM unnest(ids) AS id;
        COMMIT;
        UPDATE uploads SET version = 2, attempt = 1, attempts_left = 2, running = true, updated_at = clock_timestamp()
        WHERE upload_id = ANY(ids);
        COMMIT;
        FOR step IN 3..10 LOOP
            UPDATE uploads SET version = step, status = 'processing', updated_at = clock_timestamp(),
                stage = CASE WHEN step = 3 THEN 'validating' WHEN step < 9 THEN 'generating'
                             WHEN step = 9 THEN 'storing' ELSE 'watermarking' END,
                progress = CASE WHEN step = 3 THEN 10 WHEN step < 9 THEN 26 + step WHEN step = 9 THEN 80 ELSE 90 END
            WHERE upload_id = ANY(ids);
            COMMIT;
        END LOOP;
        UPDATE uploads SET version = 12, status = 'completed', stage = 'complete', progress = 100, running = false,
            result_id = gen_random_uuid(), updated_at = clock_timestamp()
        WHERE upload_id = ANY(ids);
        COMMIT;
    END LOOP;
END $$;
"""
AS_POSTGRESQL_WOULD: Final = """
ALTER TABLE uploads RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,
                           autovacuum_analyze_scale_factor);
CREATE INDEX uploads_open_idx ON uploads (updated_at) WHERE status IN ('pending', 'processing');
CREATE INDEX uploads_completed_idx ON uploads (updated_at) WHERE status = 'completed';
DROP INDEX uploads_not_ended_idx, uploads_completed_at_idx;
"""
SELECT_SIZES: Final = """
SELECT pg_table_size('uploads') / 2 ^ 20, pg_indexes_size('uploads') / 2 ^ 20,
       100 * n_tup_hot_upd::float / n_tup_upd, n_dead_tup::float / (SELECT count(*) FROM uploads)
FROM pg_stat_user_tables WHERE relname = 'uploads'
"""


def write_lives(url: str, uploads: int, *, as_postgresql_would: bool) -> Figures:
    """Write so many lives, and tell what is there afterwards."""
    with psycopg.connect(url, autocommit=True) as connection:
        if as_postgresql_would:
            connection.execute(AS_POSTGRESQL_WOULD)
        connection.execute(WRITE_LIVES)
        connection.execute("SET synchronous_commit = off")
        # A plan that was made for the empty table would read all of it for every update.
        connection.execute("SET plan_cache_mode = force_custom_plan")
        for _ in range(uploads // TOGETHER // BATCHES):
            connection.execute("CALL write_lives(%s, %s)", (BATCHES, TOGETHER))
        connection.execute("SELECT pg_stat_force_next_flush()")
        table, indexes, hot, dead = connection.execute(SELECT_SIZES).fetchone() or (0, 0, 0, 0)
        connection.execute("DROP PROCEDURE write_lives")
    return {"MiB table": table, "MiB indexes": indexes, "% HOT": hot, "dead versions a row": dead}
