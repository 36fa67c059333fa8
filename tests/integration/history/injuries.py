"""A log of three pages, and how a superuser may change it."""

from typing import Any, Final

import psycopg

FILL: Final = """
INSERT INTO event_log (upload_id, version, name, state)
SELECT gen_random_uuid(), 1, 'upload.odd',
       jsonb_build_object('event_id', gen_random_uuid(), 'actor', 'a', 'correlation_id', 'c', 'number', n)
FROM generate_series(1, 600) AS n
"""


def injure(connection: psycopg.Connection[Any], statement: str) -> None:
    """Change the log as a superuser may."""
    connection.execute("SET session_replication_role = replica")
    connection.execute(statement.encode())
    connection.execute("SET session_replication_role = origin")
