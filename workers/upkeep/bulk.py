"""Bulk actions: one action on the uploads of a search. The only writer of their two tables.

    planned -> running -> done
       |          +-----> stopped
       +-> expired, after HOLD

A dry run plans: it keeps which uploads the search found. A run does exactly these. What becomes of each is kept beside
its id, so a process that starts again goes on where the last one was.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
import psycopg
from msgspec import Struct
from psycopg.rows import class_row

from domain.errors import BulkActionNotFoundError, BulkActionStateError
from projections.log.pools import Pool, connected
from projections.staff.audit_log import Action, Entry, record
from workers.upkeep.commands import ActionName

HOLD: Final = timedelta(minutes=10)
"""How long a dry run may be carried out."""
MOST: Final = 10_000
"""The most uploads of one bulk action."""
LISTED: Final = 100

# One that holds for longer than it can is from before PostgreSQL's clock stepped back.
HOLDS: Final = f"""
expires_at > clock_timestamp() AND expires_at <= clock_timestamp() + interval '{HOLD.total_seconds() + 1:.0f} seconds'
"""
COLUMNS: Final = f"""
b.bulk_id, b.action, b.search, b.reason, b.planned_by, b.planned_at, b.expires_at, b.started_by, b.started_at,
b.ended_by, b.ended_at, b.count, b.fit,
CASE WHEN b.state = 'planned' AND NOT ({HOLDS}) THEN 'expired' ELSE b.state END AS state,
p.done, p.unchanged, p.refused, p.failed
"""
PROGRESS: Final = """
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE outcome = 'done') AS done, count(*) FILTER (WHERE outcome = 'unchanged') AS unchanged,
           count(*) FILTER (WHERE outcome = 'refused') AS refused, count(*) FILTER (WHERE outcome = 'failed') AS failed
    FROM bulk_uploads u WHERE u.bulk_id = b.bulk_id
) p ON true
"""
# A dry run that was not carried out is of no use after its time; a day of them is kept for the list.
FORGET: Final = """
DELETE FROM bulk_actions WHERE state = 'planned' AND planned_at < clock_timestamp() - interval '1 day'
"""
PLAN: Final = """
INSERT INTO bulk_actions (bulk_id, action, search, reason, request_id, planned_by, expires_at, count, fit)
VALUES (%(bulk_id)s, %(action)s, %(search)s::jsonb, %(reason)s, %(request_id)s, %(by)s,
        clock_timestamp() + %(hold)s, %(count)s, %(fit)s)
"""
PLAN_UPLOADS: Final = """
INSERT INTO bulk_uploads (bulk_id, number, upload_id)
SELECT %(bulk_id)s, number, upload_id FROM unnest(%(upload_ids)s::uuid[]) WITH ORDINALITY AS u (upload_id, number)
"""
START: Final = f"""
UPDATE bulk_actions SET state = 'running', started_by = %(by)s, started_at = clock_timestamp()
WHERE bulk_id = %(bulk_id)s AND state = 'planned' AND {HOLDS}
"""  # noqa: S608 - names of our own
STOP: Final = """
UPDATE bulk_actions SET state = 'stopped', ended_by = %(by)s, ended_at = clock_timestamp()
WHERE bulk_id = %(bulk_id)s AND state = 'running'
"""
SELECT_ONE: Final = f"SELECT {COLUMNS} FROM bulk_actions b {PROGRESS} WHERE b.bulk_id = %s"  # noqa: S608 - names of our own
SELECT_LATEST: Final = f"SELECT {COLUMNS} FROM bulk_actions b {PROGRESS} ORDER BY b.planned_at DESC LIMIT {LISTED}"  # noqa: S608 - likewise
SELECT_UPLOADS: Final = """
SELECT number, upload_id, outcome, told, done_at FROM bulk_uploads
WHERE bulk_id = %s AND number > %s ORDER BY number LIMIT %s
"""


class BulkState(StrEnum):
    """The states of a bulk action."""

    PLANNED = "planned"
    EXPIRED = "expired"
    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


class BulkAction(Struct, frozen=True, kw_only=True):
    """A bulk action, with how many of its uploads came to which outcome."""

    bulk_id: UUID
    action: ActionName
    search: dict[str, Any]
    reason: str
    planned_by: str
    planned_at: datetime
    expires_at: datetime
    started_by: str | None
    started_at: datetime | None
    ended_by: str | None
    ended_at: datetime | None
    count: int
    fit: int
    state: str
    done: int
    unchanged: int
    refused: int
    failed: int


class BulkUpload(Struct, frozen=True, kw_only=True):
    """What became of one upload; nothing yet without an outcome."""

    number: int
    upload_id: UUID
    outcome: str | None
    told: str | None
    done_at: datetime | None


class Plan(Struct, frozen=True, kw_only=True):
    """What a dry run found. `fit` is for how many of the uploads the action makes sense now."""

    action: ActionName
    search: dict[str, Any]
    reason: str
    request_id: str
    upload_ids: Sequence[UUID]
    fit: int


class BulkActions:
    """Plans, starts, stops and shows bulk actions. `by` is the actor. Each raises LogUnavailableError."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def plan(self, plan: Plan, *, by: str) -> BulkAction:
        """Keep what a dry run found, for HOLD."""
        bulk_id = uuid4()
        values = {
            "bulk_id": bulk_id,
            "action": plan.action,
            "search": msgspec.json.encode(plan.search).decode(),
            "reason": plan.reason,
            "request_id": plan.request_id,
            "by": by,
            "hold": HOLD,
            "count": len(plan.upload_ids),
            "fit": plan.fit,
        }
        facts = {"action": plan.action, "search": plan.search, "count": len(plan.upload_ids), "reason": plan.reason}
        with connected(self._pool) as connection, connection.transaction():
            connection.execute(FORGET)
            connection.execute(PLAN, values)
            connection.execute(PLAN_UPLOADS, {"bulk_id": bulk_id, "upload_ids": list(plan.upload_ids)})
            _record(connection, Action.BULK_PLANNED, bulk_id, by, plan.request_id, facts)
        return self.one(bulk_id)

    def start(self, bulk_id: UUID, *, by: str, request_id: str) -> BulkAction:
        """Run it in the background. Raises BulkActionStateError unless it is planned; again, it changes nothing."""
        return self._move(START, Action.BULK_STARTED, BulkState.RUNNING, bulk_id, by, request_id)

    def stop(self, bulk_id: UUID, *, by: str, request_id: str) -> BulkAction:
        """Leave the uploads that have had no turn yet. Raises BulkActionStateError unless it runs."""
        return self._move(STOP, Action.BULK_STOPPED, BulkState.STOPPED, bulk_id, by, request_id)

    def one(self, bulk_id: UUID) -> BulkAction:
        """A bulk action. Raises BulkActionNotFoundError."""
        with connected(self._pool) as connection:
            return _one(connection, bulk_id)

    def latest(self) -> Sequence[BulkAction]:
        """The latest LISTED bulk actions, the newest first."""
        with connected(self._pool) as connection:
            return connection.cursor(row_factory=class_row(BulkAction)).execute(SELECT_LATEST).fetchall()

    def uploads(self, bulk_id: UUID, after: int, limit: int) -> Sequence[BulkUpload]:
        """The report: what became of each upload, in the order of the run."""
        with connected(self._pool) as connection:
            cursor = connection.cursor(row_factory=class_row(BulkUpload))
            return cursor.execute(SELECT_UPLOADS, (bulk_id, after, limit)).fetchall()

    def _move(  # noqa: PLR0917 - private, and called twice
        self, statement: str, action: Action, state: BulkState, bulk_id: UUID, by: str, request_id: str
    ) -> BulkAction:
        with connected(self._pool) as connection, connection.transaction():
            if connection.execute(statement.encode(), {"bulk_id": bulk_id, "by": by}).rowcount:
                _record(connection, action, bulk_id, by, request_id, {})
            found = _one(connection, bulk_id)
        if found.state != state:
            raise BulkActionStateError(_refusal(found, state))
        return found


def _refusal(found: BulkAction, wanted: BulkState) -> str:
    if wanted is BulkState.STOPPED:
        return f"This bulk action is {found.state}, so there is nothing to stop."
    if found.state == BulkState.EXPIRED:
        return "This dry run is older than ten minutes. Make another one, since other uploads may be found now."
    return f"This bulk action is {found.state}. A dry run is carried out once."


def _one(connection: psycopg.Connection[Any], bulk_id: UUID) -> BulkAction:
    found = connection.cursor(row_factory=class_row(BulkAction)).execute(SELECT_ONE, (bulk_id,)).fetchone()
    if found is None:
        raise BulkActionNotFoundError(f"There is no bulk action {bulk_id}.")
    return found


def _record(  # noqa: PLR0917 - private
    connection: psycopg.Connection[Any], action: Action, bulk_id: UUID, by: str, request_id: str, facts: dict[str, Any]
) -> None:
    record(connection, Entry(actor=by, action=action, subject=str(bulk_id), facts=facts, request_id=request_id))
