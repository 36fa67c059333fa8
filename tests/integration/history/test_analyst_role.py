"""The role of the analysts: reads the views and nothing else, and writes nothing."""

from typing import Any

import psycopg
import pytest
from psycopg import sql

from projections.log.schema import migrate
from tests.integration.history.test_views import VIEWS

Analyst = psycopg.Connection[Any]
RELATIONS = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
"""


def test_it_reads_every_view_and_the_statistics_and_no_other_relation(analyst: Analyst) -> None:
    readable = set()
    for (name,) in analyst.execute(RELATIONS).fetchall():
        try:
            analyst.execute(sql.SQL("SELECT * FROM {} LIMIT 1").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            continue
        readable.add(name)

    assert readable == VIEWS | {"stage_statistics", "stage_statistics_days"}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO event_log (upload_id, version, name, state) VALUES (gen_random_uuid(), 1, 'x', '{}')",
        "UPDATE event_history SET name = 'x'",
        "DELETE FROM event_history",
        "TRUNCATE uploads",
        "CREATE TABLE mine (a int)",
    ],
)
def test_it_writes_nothing(analyst: Analyst, statement: str) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)):
        analyst.execute(statement.encode())


def test_it_cannot_log_in_and_its_statements_have_a_time_limit(analyst: Analyst) -> None:
    role = "SELECT rolcanlogin, rolconfig FROM pg_roles WHERE rolname = 'darkroom_analyst'"
    assert analyst.execute(role).fetchall() == [
        (False, ["statement_timeout=5min", "default_transaction_read_only=on"]),
    ]


def test_a_login_without_a_time_limit_is_named_with_what_to_run(known_url: str) -> None:
    logins = ("CREATE ROLE team IN ROLE darkroom_analyst", 'CREATE ROLE "Erika M" LOGIN IN ROLE team')
    with psycopg.connect(known_url, autocommit=True) as connection:
        try:
            for statement in logins:
                connection.execute(statement.encode())
            (sentence,) = migrate(known_url)
            assert sentence.startswith("The analyst Erika M has no time limit.")
            connection.execute(sentence.partition("Run: ")[2].encode())
            assert migrate(known_url) == []
        finally:
            connection.execute('DROP ROLE IF EXISTS "Erika M", team')


def test_where_it_may_not_be_made_migrate_says_what_to_run(postgres_url: str, empty_database_url: str) -> None:
    owner = "a_plain_owner"
    name = psycopg.conninfo.conninfo_to_dict(empty_database_url)["dbname"]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for statement in ("CREATE ROLE {owner} LOGIN", "ALTER DATABASE {name} OWNER TO {owner}"):
            connection.execute(sql.SQL(statement).format(owner=sql.Identifier(owner), name=sql.Identifier(str(name))))
        connection.execute("ALTER ROLE darkroom_analyst RENAME TO set_aside")
    url = psycopg.conninfo.make_conninfo(empty_database_url, user=owner)
    try:
        (sentence,) = migrate(url)
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(sentence.partition("Run as one who may: ")[2].partition(";")[0].encode())
        assert "time limit" in " ".join(migrate(url))
        with psycopg.connect(url, autocommit=True) as connection:
            granted = "SELECT has_table_privilege('darkroom_analyst', 'event_history', 'SELECT')"
            assert connection.execute(granted).fetchone() == (True,)
    finally:
        with psycopg.connect(empty_database_url, autocommit=True) as connection:
            connection.execute("DROP OWNED BY darkroom_analyst CASCADE")
            connection.execute("DROP ROLE darkroom_analyst")
            connection.execute("ALTER ROLE set_aside RENAME TO darkroom_analyst")
