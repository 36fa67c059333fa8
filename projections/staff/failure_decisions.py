"""What staff decide about a group of failures: resolved, ignored for a while, or open again. The table's only writer.

    open -> resolved -> back, as soon as it happens again
    open -> ignored  -> open, at a time or with a number of further uploads

Every decision is a row of the audit log, in the same transaction.
"""

from datetime import datetime
from typing import Any, Final

import psycopg
from msgspec import Struct

from domain.errors import FailureGroupNotFoundError
from domain.staff import StaffRequest
from projections.log.pools import Pool, connected
from projections.staff.audit_log import Action, Entry, record

DECIDE: Final = """
INSERT INTO failure_decisions (group_id, decision, decided_by, reason, position, until, until_uploads)
SELECT group_id, %(decision)s, %(by)s, %(reason)s, (SELECT coalesce(max(position), 0) FROM event_log), %(until)s,
       uploads + %(uploads)s
FROM failure_groups WHERE group_id = %(group_id)s
ON CONFLICT (group_id) DO UPDATE SET decision = excluded.decision, decided_by = excluded.decided_by,
    decided_at = clock_timestamp(), reason = excluded.reason, position = excluded.position, until = excluded.until,
    until_uploads = excluded.until_uploads
"""
REOPEN: Final = "DELETE FROM failure_decisions WHERE group_id = %(group_id)s"
EXISTS: Final = "SELECT 1 FROM failure_groups WHERE group_id = %(group_id)s"


class Ignored(Struct, frozen=True):
    """For how long a group is ignored: until a time, for a number of further uploads, or until the first of both."""

    until: datetime | None = None
    uploads: int | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """For the audit log."""
        return {"until": self.until, "uploads": self.uploads}


UNLIMITED: Final = Ignored()
DECISIONS: Final = {Action.FAILURES_RESOLVED: "resolved", Action.FAILURES_IGNORED: "ignored"}


class FailureDecisions:
    """Decides on groups. `by` is the actor. Each raises FailureGroupNotFoundError, LogUnavailableError."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def resolve(self, group_id: str, *, by: str, request: StaffRequest) -> None:
        """Its cause is mended: a later failure brings it back."""
        self._decide(group_id, Action.FAILURES_RESOLVED, by=by, request=request)

    def ignore(self, group_id: str, *, ignored: Ignored, by: str, request: StaffRequest) -> None:
        """It is known, and needs no look for a while."""
        self._decide(group_id, Action.FAILURES_IGNORED, ignored, by=by, request=request)

    def reopen(self, group_id: str, *, by: str, request: StaffRequest) -> None:
        """Take the decision back."""
        with connected(self._pool) as connection, connection.transaction():
            _demand(connection, group_id)
            connection.execute(REOPEN, {"group_id": group_id})
            _record(connection, Action.FAILURES_REOPENED, group_id, {}, by=by, request=request)

    def _decide(
        self, group_id: str, action: Action, ignored: Ignored = UNLIMITED, *, by: str, request: StaffRequest
    ) -> None:
        values = {**ignored.facts, "decision": DECISIONS[action], "by": by, "reason": request.reason}
        with connected(self._pool) as connection, connection.transaction():
            _demand(connection, group_id)
            connection.execute(DECIDE, {**values, "group_id": group_id})
            _record(connection, action, group_id, ignored.facts, by=by, request=request)


def _demand(connection: psycopg.Connection[Any], group_id: str) -> None:
    if not connection.execute(EXISTS, {"group_id": group_id}).fetchone():
        raise FailureGroupNotFoundError(f"There is no group of failures {group_id[:40]!r}.")


def _record(
    connection: psycopg.Connection[Any],
    action: Action,
    group_id: str,
    facts: dict[str, Any],
    *,
    by: str,
    request: StaffRequest,
) -> None:
    told = {name: value for name, value in facts.items() if value is not None} | {"reason": request.reason}
    record(connection, Entry(actor=by, action=action, subject=group_id, facts=told, request_id=request.request_id))
