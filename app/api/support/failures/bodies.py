"""The bodies of the groups of failures, in camelCase."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from app.api.http.bodies import Body
from projections.queries.failures import GroupState


class DayBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """How many failures a day had, in UTC."""

    day: date
    failures: int


class DecisionBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """What staff decided last. `untilUploads` is the number of uploads with which an ignored group comes back."""

    decision: Literal["resolved", "ignored"]
    by: str
    at: datetime
    reason: str
    until: datetime | None
    until_uploads: int | None


class GroupBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """Failures of the same code, stage and cause. `state` is `back` where it happened again after it was resolved.

    `sample` is the upload that it happened to last; null if all of them are erased. `canRetry` is false where only
    another photo can help. `curve` has the last 14 days, today last.
    """

    id: str
    code: str
    stage: str | None
    cause: str
    state: GroupState
    uploads: int
    sessions: int
    first: datetime
    last: datetime
    curve: list[DayBody]
    sample: UUID | None
    can_retry: bool
    decision: DecisionBody | None


class GroupsBody(Body, frozen=True, kw_only=True):
    """The groups, the newest first. `behind` is 0 unless their reader stands still."""

    groups: list[GroupBody]
    behind: int


class DecidedBody(Body, frozen=True, kw_only=True):
    """A group after a decision; `next` says what will happen."""

    group: GroupBody
    next: str
