"""The groups of failures, the newest first, with what staff decided about each and the curve of the last days."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from projections.log.pools import Pool, connected

DAYS: Final = 14
"""The length of the curve, today included."""
MOST: Final = 500
"""The most groups that are listed."""


class GroupState(StrEnum):
    """Whether a group needs a look: open and back do."""

    OPEN = "open"
    BACK = "back"
    RESOLVED = "resolved"
    IGNORED = "ignored"


SELECT_GROUPS: Final = """
SELECT * FROM (
    SELECT g.group_id, g.code, g.stage, g.cause, g.uploads, g.sessions, g.first_at, g.last_at, g.sample,
           CASE WHEN d.decision = 'resolved' AND g.last_position > d.position THEN 'back'
                WHEN d.decision = 'ignored' AND (d.until <= clock_timestamp() OR g.uploads >= d.until_uploads)
                    THEN 'open'
                ELSE coalesce(d.decision, 'open') END AS state,
           d.decision, d.decided_by, d.decided_at, d.reason, d.until, d.until_uploads,
           ARRAY(SELECT coalesce(c.failures, 0) FROM generate_series(%(days)s - 1, 0, -1) AS ago
                 LEFT JOIN failure_group_days c
                     ON c.group_id = g.group_id AND c.day = (clock_timestamp() AT TIME ZONE 'UTC')::date - ago
                 ORDER BY ago DESC) AS curve,
           (clock_timestamp() AT TIME ZONE 'UTC')::date AS today
    FROM failure_groups g LEFT JOIN failure_decisions d USING (group_id)
    WHERE %(group_id)s::text IS NULL OR g.group_id = %(group_id)s
) AS groups
WHERE %(state)s::text IS NULL OR state = %(state)s
ORDER BY last_at DESC, group_id LIMIT %(most)s
"""


class FailureGroup(Struct, frozen=True, kw_only=True):
    """A group: the columns of SELECT_GROUPS. `curve` has the failures of each of the last DAYS days, today last."""

    group_id: str
    code: str
    stage: str | None
    cause: str
    uploads: int
    sessions: int
    first_at: datetime
    last_at: datetime
    sample: UUID | None
    state: str
    decision: Literal["resolved", "ignored"] | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    until: datetime | None
    until_uploads: int | None
    curve: Sequence[int]
    today: date


def failure_groups(pool: Pool, state: GroupState | None = None, group_id: str | None = None) -> Sequence[FailureGroup]:
    """The groups, MOST at most. Raises LogUnavailableError."""
    parameters = {"days": DAYS, "most": MOST, "state": state and state.value, "group_id": group_id}
    with connected(pool) as connection:
        return connection.cursor(row_factory=class_row(FailureGroup)).execute(SELECT_GROUPS, parameters).fetchall()
