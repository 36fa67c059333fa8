"""PostgreSQL itself keeps the processes from changing a log: their role may SELECT and INSERT, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from domain.stages import Stage
from tests.lives import Lives

ROLE = "darkroom_service"


@pytest.fixture
def as_service(database_url: str, tmp_path: Path) -> Iterator[psycopg.Connection]:
    """A connection of the processes' role, on a log with an upload."""
    with Lives(database_url, tmp_path) as lives:
        lives.reached(Stage.VALIDATING)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"SET SESSION AUTHORIZATION {ROLE}")
        yield connection


@pytest.mark.parametrize("table", ["event_log", "audit_log"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET actor = 'staff:eve'",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "DROP TABLE {}",
        "CREATE TRIGGER mine BEFORE INSERT ON {} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "ALTER TABLE {} OWNER TO CURRENT_USER",
    ],
)
def test_the_processes_cannot_change_a_log(as_service: psycopg.Connection, table: str, statement: str) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.GeneratedAlways)):
        as_service.execute(statement.format(table).encode())


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER FUNCTION refuse_change_of_event_log() OWNER TO CURRENT_USER",
        "CREATE OR REPLACE FUNCTION refuse_change_of_event_log() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "SET session_replication_role = replica",
        f"ALTER ROLE {ROLE} SUPERUSER",
        "CREATE ROLE mine",
        "SET ROLE darkroom",
        "COPY event_log TO PROGRAM 'true'",
    ],
)
def test_the_processes_cannot_give_themselves_more(as_service: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_service.execute(statement.encode())


def test_the_processes_read_and_append(as_service: psycopg.Connection) -> None:
    before = as_service.execute("SELECT count(*) FROM event_log").fetchone()
    as_service.execute(
        "INSERT INTO event_log (upload_id, version, name, event_id, actor, correlation_id, state)"
        " SELECT gen_random_uuid(), 1, name, event_id, actor, correlation_id, state FROM event_log LIMIT 1"
    )
    assert as_service.execute("SELECT count(*) FROM event_log").fetchone() == (before and before[0] + 1,)


def test_the_processes_append_to_the_audit_log_and_cannot_move_its_head(as_service: psycopg.Connection) -> None:
    as_service.execute("INSERT INTO audit_log (actor, action) VALUES ('staff:erika', 'searched')")
    query = "SELECT l.number, h.number, l.hash = h.hash FROM audit_log l, audit_log_head h"
    assert as_service.execute(query.encode()).fetchall() == [(1, 1, True)]
    for statement in (
        "UPDATE audit_log_head SET number = 0",
        "DELETE FROM audit_log_head",
        "INSERT INTO audit_log_head (number, hash) VALUES (0, '')",
        "TRUNCATE audit_log_head",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_service.execute(statement.encode())
