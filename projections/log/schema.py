"""Applies schema.sql, which defines every table, view, index, role and constraint."""

from pathlib import Path
from typing import Final

import psycopg
from psycopg.errors import Diagnostic

from projections.log.lifting import copy_ahead

MIGRATION_LOCK: Final = 0x6461726B_73716C  # "darksql"
LOCK_SECONDS: Final = 30
"""How long a migration waits for another migration, or for a lock on a table."""
TRIES: Final = 5

_HERE: Final = Path(__file__).parent


def schema_sql() -> str:
    """The text of schema.sql. In a checkout it is at the top; in an installation, beside this module."""
    checkout = _HERE.parents[1] / "schema.sql"
    return (checkout if checkout.exists() else _HERE / "schema.sql").read_text()


def migrate(database_url: str) -> list[str]:
    """Bring the database to the current structure, in one transaction. Idempotent. Raises psycopg.Error.

    A long log of an earlier form is copied ahead of that transaction, while the service runs.

    Returns what it was not allowed to do, each as a sentence that says what to run instead.
    """
    left: list[str] = []

    def note(diagnostic: Diagnostic) -> None:
        if diagnostic.severity_nonlocalized == "WARNING" and diagnostic.message_primary:
            left.append(diagnostic.message_primary)

    with psycopg.connect(database_url, connect_timeout=5, autocommit=True) as connection:
        connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        # Two migrations at the same time would fail in CREATE ... IF NOT EXISTS.
        connection.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        copy_ahead(connection, schema_sql())
        connection.add_notice_handler(note)
        for attempt in range(TRIES):
            try:
                with connection.transaction():
                    connection.execute(schema_sql())
                break
            except psycopg.errors.DeadlockDetected:  # with a statement of the service, which goes on now
                if attempt == TRIES - 1:
                    raise
    return left
