"""Invariant 4, for the groups of failures: they equal what the log gives, up to the position of their reader."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from msgspec import Struct, field
from psycopg.rows import args_row

from domain.events import Erased, Failed
from projections.audit.evidence import PATIENCE, Violation
from projections.log.event_log import LoggedEvent
from projections.rows.failure_groups import READER, Failure, Submission, failure_in

MOST: Final = 100
"""How many violations are told. After the first one the rest is seldom news."""
PAGE: Final = 50_000
"""Positions that one statement looks at: none may take long."""

SELECT_READER: Final = "SELECT position, updated_at, clock_timestamp() FROM positions WHERE reader = %s"
SELECT_FAILURES: Final = """
SELECT f.position, f.upload_id, f.version, f.name, f.state::text, f.recorded_at, left(s.state ->> 'session_hash', 16),
       s.recorded_at, EXISTS (SELECT FROM event_log e WHERE e.upload_id = f.upload_id AND e.name = %(erased)s
                                         AND e.position <= %(position)s),
       ARRAY(SELECT u.group_id FROM failure_group_uploads u WHERE u.upload_id = f.upload_id)
FROM event_log f LEFT JOIN event_log s ON s.upload_id = f.upload_id AND s.version = 1
WHERE f.name = %(failed)s AND f.position > %(after)s AND f.position <= %(to)s ORDER BY f.position
"""
SELECT_GROUPS: Final = """
SELECT g.group_id, g.code, g.stage, g.cause, g.uploads, g.sessions, g.first_at, g.last_at, g.last_position,
       (SELECT count(*) FROM failure_group_uploads u WHERE u.group_id = g.group_id),
       (SELECT count(*) FROM failure_group_sessions s WHERE s.group_id = g.group_id),
       (SELECT coalesce(jsonb_object_agg(d.day, d.failures), '{}') FROM failure_group_days d
        WHERE d.group_id = g.group_id),
       g.sample IS NULL, EXISTS (SELECT FROM failure_group_uploads u
                                 WHERE u.group_id = g.group_id AND u.upload_id = g.sample)
FROM failure_groups g ORDER BY g.group_id
"""
SELECT_ORPHANS: Final = """
SELECT DISTINCT group_id FROM (
    SELECT group_id FROM failure_group_uploads UNION SELECT group_id FROM failure_group_sessions
    UNION SELECT group_id FROM failure_group_days
) AS used WHERE NOT EXISTS (SELECT FROM failure_groups g WHERE g.group_id = used.group_id) ORDER BY group_id
"""
SELECT_LATE: Final = """
SELECT position, recorded_at FROM event_log WHERE name = %(failed)s AND position > %(position)s
ORDER BY position LIMIT 1
"""


class _Row(Struct, frozen=True):
    """A group as the tables have it. The fields are the columns of SELECT_GROUPS, in the same order."""

    group_id: str
    code: str
    stage: str | None
    cause: str
    uploads: int
    sessions: int
    first_at: datetime
    last_at: datetime
    last_position: int
    uploads_kept: int
    sessions_kept: int
    days: dict[str, int]
    has_no_sample: bool
    sample_is_kept: bool


class _Group(Struct):
    """A group as the log makes it. Of an erased upload the count is kept, and the upload is not."""

    code: str
    stage: str | None
    cause: str
    first: Failure
    last: Failure
    latest_at: datetime
    uploads: int = 0
    uploads_kept: int = 0
    sessions: set[int] = field(default_factory=set)
    days: Counter[str] = field(default_factory=Counter)


def wrong_groups(connection: psycopg.Connection[Any]) -> tuple[int, list[Violation]]:
    """How many groups there are, and which do not fit the log, in the transaction of the caller."""
    reader = connection.execute(SELECT_READER, (READER,)).fetchone()
    if reader is None:
        return 0, []  # no process has ever followed the log for them
    position, moved_at, now = reader
    violations: list[Violation] = []
    groups: dict[str, _Group] = {}
    for wrong in _read(connection, position, groups):
        if len(violations) < MOST:
            violations.append(wrong)
    rows = 0
    for row in connection.cursor(row_factory=args_row(_Row)).execute(SELECT_GROUPS):
        rows += 1
        violations += _differences(row, groups.pop(row.group_id, None))
    violations += [_violation(group_id, "is missing, although the log has its failures.") for group_id in groups]
    violations += [
        _violation(group_id, "is missing, although other tables name it.")
        for (group_id,) in connection.execute(SELECT_ORPHANS)
        if group_id not in groups
    ]
    late = connection.execute(SELECT_LATE, {"failed": Failed.NAME, "position": position}).fetchone()
    if late and now - late[1] > PATIENCE and now - moved_at > PATIENCE:
        seconds = round((now - late[1]).total_seconds())
        sentence = f"their reader stands still at position {position}, although position {late[0]} is {seconds} s old."
        violations.append(Violation(4, None, sentence, of="groups of failures"))
    return rows, violations[:MOST]


def _read(connection: psycopg.Connection[Any], position: int, groups: dict[str, _Group]) -> Iterator[Violation]:
    """Fill the groups with the failures up to the position; tell each that its upload is not kept for."""
    known: set[int] = set()
    for after in range(0, position, PAGE):
        bounds = {"after": after, "to": min(after + PAGE, position), "position": position}
        questions = {**bounds, "failed": Failed.NAME, "erased": Erased.NAME}
        for *columns, session, created_at, is_erased, kept in connection.execute(SELECT_FAILURES, questions):
            logged = LoggedEvent(*columns)
            if failure := failure_in(logged, Submission(session, created_at) if created_at else None):
                membership = hash((failure.upload_id, failure.group_id))
                _count(groups, failure, is_new=membership not in known, is_kept=not is_erased)
                known.add(membership)
                if not is_erased and failure.group_id not in kept:
                    yield Violation(4, logged.upload_id, f"it is not in its group of failures {failure.group_id}.")


def _count(groups: dict[str, _Group], failure: Failure, *, is_new: bool, is_kept: bool) -> None:
    group = groups.get(failure.group_id)
    if group is None:
        group = _Group(failure.code, failure.stage, failure.cause, failure, failure, failure.failed_at)
        groups[failure.group_id] = group
    group.last = failure
    group.latest_at = max(group.latest_at, failure.failed_at)
    group.uploads += is_new
    group.uploads_kept += is_new and is_kept
    if failure.session is not None:
        group.sessions.add(hash(failure.session))
    group.days[failure.failed_at.astimezone(UTC).date().isoformat()] += 1


def _differences(row: _Row, group: _Group | None) -> Iterator[Violation]:
    if group is None:
        yield _violation(row.group_id, "is there, although the log has no such failure.")
        return
    expected = {
        "code": group.code,
        "stage": group.stage,
        "cause": group.cause,
        "uploads": group.uploads,
        "sessions": len(group.sessions),
        "first_at": group.first.failed_at,
        "last_position": group.last.position,
        "uploads_kept": group.uploads_kept,
        "sessions_kept": len(group.sessions),
        "days": dict(group.days),
    }
    wrong = [
        f"{name} is {_shown(getattr(row, name))}, by the log {_shown(value)}"
        for name, value in expected.items()
        if getattr(row, name) != value
    ]
    # Where a clock has stepped back, the last one by its position is not the latest one.
    if not group.last.failed_at <= row.last_at <= group.latest_at:
        wrong.append(f"last_at is {_shown(row.last_at)}, by the log {_shown(group.latest_at)}")
    if row.has_no_sample == bool(group.uploads_kept) or (not row.has_no_sample and not row.sample_is_kept):
        wrong.append("its sample is none of its uploads")
    if wrong:
        yield _violation(row.group_id, f"{'; '.join(wrong)}.")


def _violation(group_id: str, sentence: str) -> Violation:
    return Violation(4, None, sentence, of=f"group of failures {group_id}")


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else repr(value)
