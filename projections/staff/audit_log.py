"""The audit log: what staff looked at and searched for, and every change of staff. The only writer of the table.

PostgreSQL gives each row its number, its time and its hash (schema.sql, append_to_audit_log). What staff did to uploads
is read from the event log, so that one list shows all that a person did.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
from msgspec import Struct
from psycopg.rows import args_row

from projections.log.pools import Pool, connected


class Action(StrEnum):
    """What a row of the audit log is about. The names are stored, so they are never changed."""

    LOOKED = "looked"
    SEARCHED = "searched"
    FAILURES_RESOLVED = "failures-resolved"
    FAILURES_IGNORED = "failures-ignored"
    FAILURES_REOPENED = "failures-reopened"
    SIGNED_IN = "signed-in"
    SIGNED_OUT = "signed-out"
    BULK_PLANNED = "bulk-planned"
    BULK_STARTED = "bulk-started"
    BULK_STOPPED = "bulk-stopped"
    STAFF_ADDED = "staff-added"
    STAFF_ROTATED = "staff-rotated"
    STAFF_REVOKED = "staff-revoked"


class Entry(Struct, frozen=True, kw_only=True):
    """A row before it is written."""

    actor: str
    action: Action
    upload_id: UUID | None = None
    subject: str | None = None
    facts: dict[str, Any] = {}
    request_id: str | None = None


class Deed(Struct, frozen=True):
    """What a person did: a row of the audit log, or an event of an upload. The columns of SELECT_DEEDS."""

    number: int | None
    recorded_at: datetime
    actor: str
    action: str
    upload_id: UUID | None
    subject: str | None
    reason: str | None
    request_id: str | None
    facts: dict[str, Any]


INSERT: Final = """
INSERT INTO audit_log (actor, action, upload_id, subject, facts, request_id)
VALUES (%(actor)s, %(action)s, %(upload_id)s, %(subject)s, %(facts)s::jsonb, %(request_id)s)
"""
# A row that was written by hand may hold any JSON; it is shown as it is.
FACTS: Final = """
CASE jsonb_typeof(facts) WHEN 'object' THEN facts - 'reason' ELSE jsonb_build_object('unreadable', facts) END
"""
# The prefix of the actor is that of the index event_log_staff_idx, which holds nothing but these events.
SELECT_DEEDS: Final = f"""
SELECT number, recorded_at, actor, action, upload_id, subject, facts ->> 'reason' AS reason, request_id, {FACTS}
FROM audit_log
WHERE recorded_at >= %(since)s AND (%(actor)s::text IS NULL OR actor = %(actor)s)
  AND (%(upload_id)s::uuid IS NULL OR upload_id = %(upload_id)s)
UNION ALL
SELECT NULL, recorded_at, actor, name, upload_id, NULL, coalesce(state ->> 'reason', state ->> 'note'),
       state ->> 'request_id',
       jsonb_strip_nulls(jsonb_build_object('version', version, 'code', state ->> 'code'))
FROM event_log
WHERE actor LIKE 'staff:%%' AND recorded_at >= %(since)s AND (%(actor)s::text IS NULL OR actor = %(actor)s)
  AND (%(upload_id)s::uuid IS NULL OR upload_id = %(upload_id)s)
ORDER BY recorded_at, number
"""  # noqa: S608 - names of our own


SELECT_LATEST: Final = f"""
SELECT * FROM (
    (SELECT number, recorded_at, actor, action, upload_id, subject, facts ->> 'reason' AS reason, request_id,
            {FACTS} AS facts, 0 AS source, number AS ordinal
     FROM audit_log
     WHERE recorded_at >= %(since)s::timestamptz AND recorded_at < %(until)s::timestamptz
       AND (%(actor)s::text IS NULL OR actor = %(actor)s)
       AND (%(upload_id)s::uuid IS NULL OR upload_id = %(upload_id)s)
       AND recorded_at <= %(at)s::timestamptz
       AND (recorded_at, 0, number) < (%(at)s::timestamptz, %(source)s, %(ordinal)s)
     ORDER BY recorded_at DESC, number DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT NULL, recorded_at, actor, name, upload_id, NULL, coalesce(state ->> 'reason', state ->> 'note'),
            state ->> 'request_id',
            jsonb_strip_nulls(jsonb_build_object('version', version, 'code', state ->> 'code')), 1, position
     FROM event_log
     WHERE actor LIKE 'staff:%%' AND recorded_at >= %(since)s::timestamptz AND recorded_at < %(until)s::timestamptz
       AND (%(actor)s::text IS NULL OR actor = %(actor)s)
       AND (%(upload_id)s::uuid IS NULL OR upload_id = %(upload_id)s)
       AND recorded_at <= %(at)s::timestamptz
       AND (recorded_at, 1, position) < (%(at)s::timestamptz, %(source)s, %(ordinal)s)
     ORDER BY recorded_at DESC, position DESC LIMIT %(limit)s)
) AS deeds
ORDER BY recorded_at DESC, source DESC, ordinal DESC LIMIT %(limit)s
"""  # noqa: S608 - names of our own


class DeedSearch(Struct, frozen=True, kw_only=True):
    """Which deeds are asked for. What is None allows everything."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    upload_id: UUID | None = None


class DeedPageEnd(Struct, frozen=True, array_like=True):
    """Where a page ended: the time, the table, and the row in it."""

    recorded_at: datetime
    source: int
    ordinal: int


def record(connection: psycopg.Connection[Any], entry: Entry) -> None:
    """Write a row, in the transaction of the caller."""
    facts = msgspec.json.encode(entry.facts).decode()
    connection.execute(INSERT, {**msgspec.structs.asdict(entry), "action": entry.action.value, "facts": facts})


class AuditLog:
    """Writes and reads the audit log."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def record(self, entry: Entry) -> None:
        """Write a row. Raises LogUnavailableError: then what the row is about must not be shown."""
        with connected(self._pool) as connection:
            record(connection, entry)

    def latest(self, search: DeedSearch, after: DeedPageEnd | None, limit: int) -> Sequence[tuple[Deed, DeedPageEnd]]:
        """A page of deeds, the newest first, each with the end of a page up to it. Raises LogUnavailableError."""
        parameters = {
            "since": search.since or "-infinity",
            "until": search.until or "infinity",
            "actor": search.actor,
            "upload_id": search.upload_id,
            "at": after.recorded_at if after else "infinity",
            "source": after.source if after else 0,
            "ordinal": after.ordinal if after else 0,
            "limit": limit,
        }
        with connected(self._pool) as connection:
            rows = connection.execute(SELECT_LATEST, parameters).fetchall()
        return [(Deed(*row[:-2]), DeedPageEnd(row[1], *row[-2:])) for row in rows]

    def deeds(self, since: datetime, *, actor: str | None = None, upload_id: UUID | None = None) -> Sequence[Deed]:
        """What staff did since then, the oldest first. Raises LogUnavailableError."""
        parameters = {"since": since, "actor": actor, "upload_id": upload_id}
        with connected(self._pool) as connection:
            return connection.cursor(row_factory=args_row(Deed)).execute(SELECT_DEEDS, parameters).fetchall()
