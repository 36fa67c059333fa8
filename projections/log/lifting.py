"""Copies a log of the earlier form while the service runs, so that `migrate` locks it only briefly.

    event_log (earlier) --pages--> event_log_lift.event_log --one short transaction, schema.sql--> event_log

The log is append-only, so what is copied stays valid: a copy that was interrupted is continued. A copy that may not be
made, because the role must not create a schema, is left to schema.sql, which makes all of it under the lock.
"""

from typing import Any, Final

import psycopg

from projections.log.appending import APPEND_LOCK
from projections.log.event_log import AWAIT_WRITERS, SELECT_LAST_POSITION

PAGE: Final = 20_000
"""Positions of one transaction."""

IS_EARLIER: Final = """
SELECT EXISTS (SELECT FROM pg_attribute
               WHERE attrelid = to_regclass('event_log') AND attname = 'event_id' AND attgenerated = 's')
"""
MAY_CREATE: Final = "SELECT has_database_privilege(current_database(), 'CREATE')"
CREATE: Final = "CREATE SCHEMA IF NOT EXISTS event_log_lift; SET LOCAL search_path = event_log_lift"
SELECT_COPIED: Final = "SELECT coalesce(max(position), 0) FROM event_log_lift.event_log"
COPY_PAGE: Final = """
INSERT INTO event_log_lift.event_log (position, recorded_at, upload_id, event_id, correlation_id, version,
                                      schema_version, name, actor, state)
OVERRIDING SYSTEM VALUE
SELECT e.position, e.recorded_at, e.upload_id, c.event_id, c.correlation_id, e.version, c.schema_version, e.name,
       c.actor, c.state
FROM event_log e, event_log_lift.event_columns(e.state) c
WHERE e.position > %s AND e.position <= %s ORDER BY e.position
"""
ANALYZE: Final = "ANALYZE event_log_lift.event_log"


def copy_ahead(connection: psycopg.Connection[Any], schema_sql: str) -> int:
    """Copy all but the newest events, in a connection in autocommit; returns how many positions were copied.

    Nothing is done for a log of the present form, nor for one so short that the lock is brief anyway.
    """
    last = _number(connection, SELECT_LAST_POSITION) if _is(connection, IS_EARLIER) else 0
    if last <= PAGE or not _is(connection, MAY_CREATE):
        return 0
    with connection.transaction():
        connection.execute(CREATE)
        connection.execute(schema_sql.encode())
    began = done = _number(connection, SELECT_COPIED)
    while last - done > PAGE:
        # A writer that was given an earlier position and has not committed holds this lock in shared mode.
        connection.execute(AWAIT_WRITERS, (APPEND_LOCK,))
        for after in range(done, last, PAGE):
            connection.execute(COPY_PAGE, (after, min(after + PAGE, last)))
        done, last = last, _number(connection, SELECT_LAST_POSITION)
    connection.execute(ANALYZE)
    return done - began


def _number(connection: psycopg.Connection[Any], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def _is(connection: psycopg.Connection[Any], query: str) -> bool:
    return connection.execute(query.encode()).fetchone() == (True,)
