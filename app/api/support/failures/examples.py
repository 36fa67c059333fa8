"""Examples of the groups of failures, for the OpenAPI document."""

from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from app.api.http.openapi import JOB_ID, MOVED_AT, SUBMITTED_AT
from app.api.support.failures.bodies import DayBody, DecidedBody, DecisionBody, GroupBody, GroupsBody
from domain.failures import MESSAGES, FailureCode
from domain.stages import Stage
from projections.queries.failures import DAYS, GroupState

OPEN: Final = GroupBody(
    id="3f0c6f0e8d0b4f5e",
    code=FailureCode.GENERATION_UNAVAILABLE,
    stage=Stage.GENERATING,
    cause=MESSAGES[FailureCode.GENERATION_UNAVAILABLE],
    state=GroupState.OPEN,
    uploads=12,
    sessions=9,
    first=SUBMITTED_AT,
    last=MOVED_AT,
    curve=[
        DayBody(day=MOVED_AT.date() - timedelta(days=ago), failures=0 if ago else 12) for ago in range(DAYS - 1, -1, -1)
    ],
    sample=JOB_ID,
    can_retry=True,
    decision=None,
)
GROUPS: Final = GroupsBody(groups=[OPEN], behind=0)
DECIDED: Final = DecidedBody(
    group=replace(
        OPEN,
        state=GroupState.RESOLVED,
        decision=DecisionBody(
            decision="resolved",
            by="staff:erika",
            at=MOVED_AT,
            reason="The key of the image model was renewed.",
            until=None,
            until_uploads=None,
        ),
    ),
    next="It comes back, marked, when it happens again.",
)
