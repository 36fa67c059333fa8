"""A database whose clock can be stepped while the service runs on it.

The database has functions `clock_timestamp()` and `now()` of its own, which PostgreSQL finds before those of its
catalog: schema.sql is applied with them, so that defaults, triggers and views go by them, and so does every statement.
"""

from datetime import timedelta
from typing import Final

import psycopg

from projections.log.schema import migrate

CLOCK: Final = """
CREATE SCHEMA stepped;
CREATE TABLE stepped.step (by interval NOT NULL);
INSERT INTO stepped.step VALUES ('0');
CREATE FUNCTION stepped.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT pg_catalog.clock_timestamp() + by FROM stepped.step';
CREATE FUNCTION stepped.now() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT pg_catalog.now() + by FROM stepped.step';
"""
SET_PATH: Final = """
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET search_path = public, stepped, pg_catalog', current_database());
END $$
"""


class SteppedClock:
    """The clock of an empty database, which gets the schema."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._execute(CLOCK)
        self._execute(SET_PATH)
        migrate(database_url)

    def step(self, by: timedelta) -> None:
        """Let it be so much later or, below zero, earlier."""
        self._execute("UPDATE stepped.step SET by = by + %s", by)

    def _execute(self, statement: str, *parameters: object) -> None:
        with psycopg.connect(self._database_url) as connection:
            connection.execute(statement.encode(), parameters or None)
