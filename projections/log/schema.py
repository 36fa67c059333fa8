"""Applies schema.sql, which owns every table, view, index and constraint."""

from pathlib import Path
from typing import Final

import psycopg

MIGRATION_LOCK: Final = 0x6461726B_73716C  # "darksql"
LOCK_SECONDS: Final = 30
"""How long a migration waits for another one, or for whoever uses a table."""

_HERE: Final = Path(__file__).parent


def schema_sql() -> str:
    """The text of schema.sql: in a checkout at the top, in an installation beside this module."""
    checkout = _HERE.parents[1] / "schema.sql"
    return (checkout if checkout.exists() else _HERE / "schema.sql").read_text()


def migrate(database_url: str) -> None:
    """Bring the database to today's structure, in one transaction; harmless where it has it. Raises psycopg.Error."""
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        connection.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        # Two that run at once would trip over each other's CREATE ... IF NOT EXISTS.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        connection.execute(schema_sql())
