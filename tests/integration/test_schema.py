"""schema.sql on a real PostgreSQL: applied again, or to an older database, it ends in the same structure."""

from typing import Final, LiteralString

import psycopg
import pytest
from psycopg import sql

from projections.log.schema import migrate

STRUCTURE: Final = """
SELECT 'column', table_name, column_name, concat_ws(' ', data_type, is_nullable, column_default, generation_expression)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'storage', relname, '', array_to_string(reloptions, ' ')
FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'view', viewname, '', definition FROM pg_views WHERE schemaname = 'public'
UNION ALL
SELECT 'trigger', event_object_table, trigger_name, string_agg(event_manipulation, ' ' ORDER BY event_manipulation)
FROM information_schema.triggers GROUP BY 2, 3
ORDER BY 1, 2, 3
"""
ROWS: Final[dict[str, LiteralString]] = {
    "uploads": "INSERT INTO uploads (upload_id) VALUES (gen_random_uuid())",
    "staff": "INSERT INTO staff (name, role, token_hash) VALUES ('erika', 'viewer', sha256('a'))",
}
OLDER: Final = """
CREATE TABLE uploads (
    id uuid PRIMARY KEY,
    status text,
    result_id uuid,
    error_message text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz
);
INSERT INTO uploads (id, status) VALUES
    ('00000000-0000-4000-8000-000000000001', 'completed'),
    ('00000000-0000-4000-8000-000000000002', 'failed'),
    ('00000000-0000-4000-8000-000000000003', 'running');
"""


def structure(database_url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(STRUCTURE).fetchall()


def test_a_new_database_gets_every_table_and_view(database_url: str) -> None:
    tables = {row[1] for row in structure(database_url) if row[0] == "column"}

    assert {"event_log", "positions", "quarantine", "uploads", "results", "leases"} <= tables
    views = {row[1] for row in structure(database_url) if row[0] == "view"}
    assert {"due_uploads", "live_leases", "timeline", "event_history"} <= views


def test_applied_again_it_changes_nothing(database_url: str) -> None:
    before = structure(database_url)
    migrate(database_url)

    assert structure(database_url) == before


def test_an_index_that_an_older_database_had_goes(database_url: str) -> None:
    before = structure(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE INDEX leases_worker_idx ON leases (worker)")
    migrate(database_url)

    assert structure(database_url) == before


def test_an_older_uploads_table_ends_in_the_same_structure_and_keeps_its_rows(
    database_url: str, empty_database_url: str
) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(OLDER)
    migrate(empty_database_url)

    assert structure(empty_database_url) == structure(database_url)
    with psycopg.connect(empty_database_url) as connection:
        rows = connection.execute("SELECT status, stage, progress FROM uploads ORDER BY upload_id").fetchall()
    assert rows == [("completed", "complete", 100), ("failed", "failed", 0), ("pending", None, 0)]


def test_a_carried_over_database_is_migrated_again_without_harm(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(OLDER)
    migrate(empty_database_url)
    before = structure(empty_database_url)
    migrate(empty_database_url)

    assert structure(empty_database_url) == before


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ("stage = 'developing'", "uploads_stage_check"),
        ("stage = 'generating', status = 'pending', progress = 30", "uploads_status_check"),
        ("stage = 'generating', status = 'processing', progress = 71", "uploads_progress_check"),
        ("stage = 'failed', status = 'failed'", "uploads_error_check"),
        ("stage = 'complete', status = 'completed', progress = 100", "uploads_result_check"),
    ],
)
def test_a_row_that_no_upload_can_have_is_refused(database_url: str, wrong: str, constraint: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO uploads (upload_id) VALUES (gen_random_uuid())")
        with pytest.raises(psycopg.errors.CheckViolation, match=constraint):
            connection.execute(f"UPDATE uploads SET {wrong}".encode())


BEYOND_PYTHON: Final = ["infinity", "-infinity", "20000-01-01", "0044-03-15 BC"]


@pytest.mark.parametrize("moment", BEYOND_PYTHON)
@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("uploads", column) for column in ("created_at", "updated_at", "stage_since", "retry_at")),
        *(("staff", column) for column in ("until", "added_at", "token_since", "revoked_at")),
    ],
)
def test_a_row_takes_no_time_that_its_readers_cannot_hold(
    database_url: str, table: str, column: str, moment: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(ROWS[table])
        with pytest.raises(psycopg.errors.CheckViolation, match=f"{table}_times_check"):
            connection.execute(
                sql.SQL("UPDATE {} SET {} = %s").format(*map(sql.Identifier, (table, column))), (moment,)
            )


def test_a_member_who_was_given_infinity_by_hand_has_no_end_after_the_migration(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE staff DROP CONSTRAINT staff_times_check")
        connection.execute(ROWS["staff"])
        connection.execute("UPDATE staff SET until = 'infinity'")
    migrate(database_url)

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT until FROM staff").fetchall() == [(None,)]
        with pytest.raises(psycopg.errors.CheckViolation, match="staff_times_check"):
            connection.execute("UPDATE staff SET until = 'infinity'")


@pytest.mark.parametrize("moment", BEYOND_PYTHON)
def test_the_log_takes_no_time_that_its_readers_cannot_hold(database_url: str, moment: str) -> None:
    insert = (
        "INSERT INTO event_log (upload_id, event_id, correlation_id, version, name, actor, state, recorded_at)"
        " VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 'upload.retried', 'a', '{}', %s)"
    )
    with (
        psycopg.connect(database_url) as connection,
        pytest.raises(psycopg.errors.CheckViolation, match="event_log_recorded_at_check"),
    ):
        connection.execute(insert, (moment,))


def test_a_time_of_completion_that_an_expiry_would_move_is_made_anew(database_url: str) -> None:
    before = structure(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE uploads DROP COLUMN completed_at")
        connection.execute(
            "ALTER TABLE uploads ADD COLUMN completed_at timestamptz GENERATED ALWAYS AS"
            " (CASE WHEN status = 'completed' AND version > 0 THEN updated_at END) STORED"
        )
    migrate(database_url)

    assert structure(database_url) == before
