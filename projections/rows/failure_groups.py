"""Groups failures by code, stage and cause: a reader of the log, and the only writer of the tables of groups.

The cause is the message of the failure with ids and numbers taken out, so that failures that differ in nothing else are
one group. A cancel is what a person wanted, and no failure. Of an erased upload a group keeps nothing but the count.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
import psycopg
from msgspec import Struct
from psycopg_pool import ConnectionPool

from domain.events import Erased, Failed
from domain.failures import FailureCode
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.follower import UNHURRIED_SECONDS, Follower

READER: Final = "failures"
LONGEST_CAUSE: Final = 300
"""In characters."""
ID_LENGTH: Final = 16
ID: Final = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b", re.IGNORECASE
)
NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")

SELECT_SUBMISSIONS: Final = """
SELECT upload_id, left(state ->> 'session_hash', 16), recorded_at FROM event_log
WHERE upload_id = ANY(%s) AND version = 1
"""
ENTRIES: Final = """
jsonb_to_recordset(%(entries)s::jsonb) AS e (group_id text, code text, stage text, cause text, upload_id uuid,
                                             created_at timestamptz, session text, failed_at timestamptz,
                                             position bigint)
"""
ADD_GROUPS: Final = f"""
INSERT INTO failure_groups (group_id, code, stage, cause, first_at, last_at, last_position)
SELECT DISTINCT ON (group_id) group_id, code, stage, cause, failed_at, failed_at, position
FROM {ENTRIES} ORDER BY group_id, position ON CONFLICT (group_id) DO NOTHING
"""  # noqa: S608 - names of our own
ADD_UPLOADS: Final = f"""
INSERT INTO failure_group_uploads (group_id, upload_id, created_at)
SELECT DISTINCT group_id, upload_id, created_at FROM {ENTRIES} ON CONFLICT DO NOTHING RETURNING group_id
"""  # noqa: S608 - likewise
ADD_SESSIONS: Final = f"""
INSERT INTO failure_group_sessions (group_id, session) SELECT DISTINCT group_id, session FROM {ENTRIES}
WHERE session IS NOT NULL ON CONFLICT DO NOTHING RETURNING group_id
"""  # noqa: S608 - likewise
ADD_DAYS: Final = f"""
INSERT INTO failure_group_days (group_id, day, failures)
SELECT group_id, (failed_at AT TIME ZONE 'UTC')::date, count(*) FROM {ENTRIES} GROUP BY 1, 2
ON CONFLICT (group_id, day) DO UPDATE SET failures = failure_group_days.failures + excluded.failures
"""  # noqa: S608 - likewise
COUNT: Final = f"""
UPDATE failure_groups g
SET uploads = uploads + coalesce((%(uploads)s::jsonb ->> g.group_id)::bigint, 0),
    sessions = sessions + coalesce((%(sessions)s::jsonb ->> g.group_id)::bigint, 0),
    last_at = greatest(g.last_at, e.latest_at), last_position = e.position, sample = e.upload_id
FROM (SELECT DISTINCT ON (group_id) *, max(failed_at) OVER (PARTITION BY group_id) AS latest_at
      FROM {ENTRIES} ORDER BY group_id, position DESC) AS e
WHERE e.group_id = g.group_id
"""  # noqa: S608 - likewise
FORGET_UPLOADS: Final = "DELETE FROM failure_group_uploads WHERE upload_id = ANY(%s)"
FORGET_SAMPLES: Final = """
UPDATE failure_groups g SET sample = (SELECT u.upload_id FROM failure_group_uploads u WHERE u.group_id = g.group_id
                                      LIMIT 1)
WHERE sample = ANY(%s)
"""


class Submission(NamedTuple):
    """Whose upload it is, by the beginning of the session's hash, and since when there is one."""

    session: str | None
    at: datetime


class Failure(Struct, frozen=True):
    """A failure of an upload, as the statements take it."""

    group_id: str
    code: str
    stage: str | None
    cause: str
    upload_id: UUID
    created_at: datetime
    session: str | None
    failed_at: datetime
    position: int


def failure_grouper(event_log: EventLog, pool: ConnectionPool[psycopg.Connection[Any]]) -> Follower:
    """The reader of the log that groups failures."""
    return Follower(READER, event_log, pool, apply, pause=UNHURRIED_SECONDS, concerns={Failed.NAME, Erased.NAME})


def cause_of(message: str) -> str:
    """The message with ids and numbers taken out."""
    return NUMBER.sub("<number>", ID.sub("<id>", message)).strip()[:LONGEST_CAUSE]


def group_id_of(code: str, stage: str | None, cause: str) -> str:
    """The id of a group; the same for the same three."""
    return sha256(f"{code}\n{stage or ''}\n{cause}".encode()).hexdigest()[:ID_LENGTH]


def apply(connection: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> None:
    """Count the failures of a page, and forget the uploads that were erased."""
    failed = [logged for logged in page if logged.name == Failed.NAME]
    submissions = _submissions(connection, [logged.upload_id for logged in failed]) if failed else {}
    failures = [
        failure for failure in (failure_in(logged, submissions.get(logged.upload_id)) for logged in failed) if failure
    ]
    if failures:
        _add(connection, msgspec.json.encode(failures).decode())
    if erased := [logged.upload_id for logged in page if logged.name == Erased.NAME]:
        connection.execute(FORGET_UPLOADS, (erased,))
        connection.execute(FORGET_SAMPLES, (erased,))


def _submissions(connection: psycopg.Connection[Any], upload_ids: list[UUID]) -> dict[UUID, Submission]:
    found = connection.execute(SELECT_SUBMISSIONS, (upload_ids,)).fetchall()
    return {upload_id: Submission(session, at) for upload_id, session, at in found}


def failure_in(logged: LoggedEvent, submission: Submission | None) -> Failure | None:
    """The failure that an event tells; None for a cancel, and for facts that have another form than they should."""
    facts = logged.facts
    code, stage, message = (facts.get(name) for name in ("code", "stage", "message"))
    if code == FailureCode.CANCELLED or not isinstance(code, str) or not isinstance(stage, str | None):
        return None
    cause = cause_of(str(message)).replace("\0", "")
    return Failure(
        group_id_of(code, stage, cause),
        code,
        stage,
        cause,
        logged.upload_id,
        submission.at if submission else logged.recorded_at,
        submission.session if submission else None,
        logged.recorded_at,
        logged.position,
    )


def _add(connection: psycopg.Connection[Any], entries: str) -> None:
    given = {"entries": entries}
    connection.execute(ADD_GROUPS, given)
    counts = [
        msgspec.json.encode(Counter(group_id for (group_id,) in connection.execute(statement, given))).decode()
        for statement in (ADD_UPLOADS, ADD_SESSIONS)
    ]
    connection.execute(ADD_DAYS, given)
    connection.execute(COUNT, {**given, "uploads": counts[0], "sessions": counts[1]})
