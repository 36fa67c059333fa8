"""GET /api/support/failures: the failures in groups. Every look is a row of the audit log."""

from datetime import timedelta
from functools import partial
from typing import Any

from litestar import Request, Response

from app.api.http.correlation import correlation_id
from app.api.http.services import Services
from app.api.support.failures.bodies import DayBody, DecisionBody, GroupBody, GroupsBody
from app.api.support.requests.desk import Desk
from app.api.support.requests.parameters import one_of, parsed
from domain.failures import NEEDS_NEW_PHOTO
from projections.queries.current import positions_behind
from projections.queries.failures import FailureGroup, GroupState, failure_groups
from projections.rows.failure_groups import READER
from projections.staff.audit_log import Action, Entry


class Groups:
    """Shows the groups of failures."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._pool = services.pool
        self._desk = desk

    async def groups(self, request: Request[Any, Any, Any]) -> Response[GroupsBody]:
        """Look at the failures in groups, the newest first."""
        member = await self._desk.member(request)
        given = parsed(request.query_params.dict(), {"state": one_of(GroupState)})
        facts = {"what": "failures", **given}
        look = Entry(actor=member.actor, action=Action.LOOKED, facts=facts, request_id=correlation_id(request.scope))
        return await self._desk.answer(partial(self._groups, given.get("state"), look))

    def _groups(self, state: GroupState | None, look: Entry) -> GroupsBody:
        behind = positions_behind(self._pool, READER)
        groups = failure_groups(self._pool, state)
        self._desk.audit_log.record(look)
        return GroupsBody(groups=[group_body(group) for group in groups], behind=behind)


def group_body(group: FailureGroup) -> GroupBody:
    """The body of a group."""
    first_day = group.today - timedelta(days=len(group.curve) - 1)
    return GroupBody(
        id=group.group_id,
        code=group.code,
        stage=group.stage,
        cause=group.cause,
        state=GroupState(group.state),
        uploads=group.uploads,
        sessions=group.sessions,
        first=group.first_at,
        last=group.last_at,
        curve=[
            DayBody(day=first_day + timedelta(days=number), failures=count) for number, count in enumerate(group.curve)
        ],
        sample=group.sample,
        can_retry=group.code not in NEEDS_NEW_PHOTO,
        decision=_decision(group),
    )


def _decision(group: FailureGroup) -> DecisionBody | None:
    if group.decision is None or group.decided_by is None or group.decided_at is None or group.reason is None:
        return None
    return DecisionBody(
        decision=group.decision,
        by=group.decided_by,
        at=group.decided_at,
        reason=group.reason,
        until=group.until,
        until_uploads=group.until_uploads,
    )
