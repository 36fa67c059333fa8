"""POST /api/support/failures/{groupId}/resolve, /ignore and /reopen: what staff decide about a group of failures."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response
from litestar.params import PathParameter

from app.api.http.correlation import correlation_id
from app.api.http.errors import MalformedError
from app.api.http.services import Services
from app.api.support.failures.bodies import DecidedBody
from app.api.support.failures.groups import group_body
from app.api.support.requests.desk import Desk
from app.api.support.requests.fields import fields_of
from app.api.support.requests.parameters import moment_of, over
from domain.staff import Role, StaffRequest, checked_reason
from projections.queries.failures import failure_groups
from projections.staff.failure_decisions import FailureDecisions, Ignored

GroupId = Annotated[str, PathParameter(name="groupId")]
Decision = Literal["resolve", "ignore", "reopen"]
Decide = Callable[..., None]

MOST_UPLOADS: Final = 10**9
NEXT: Final[dict[Decision, str]] = {
    "resolve": "It comes back, marked, when it happens again.",
    "ignore": "It is listed as ignored until then, and is open again afterwards.",
    "reopen": "It is open again.",
}
SUMMARIES: Final[dict[Decision, str]] = {
    "resolve": "Say that the cause of a group is mended; it comes back, marked, when it happens again.",
    "ignore": "Ignore a group until a time, or until it has happened to so many further uploads.",
    "reopen": "Take the decision on a group back.",
}


class Decisions:
    """Takes decisions on groups of failures."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._pool = services.pool
        self._clock = services.clock
        self._decisions = FailureDecisions(services.pool)
        self._desk = desk

    def handler(self, decision: Decision) -> Callable[..., Awaitable[Response[DecidedBody]]]:
        """The handler of a decision."""
        fields = {"reason", "until", "uploads"} if decision == "ignore" else {"reason"}

        async def act(request: Request[Any, Any, Any], group_id: GroupId) -> Response[DecidedBody]:
            member = await self._desk.member(request, Role.AGENT)
            given = await fields_of(request, fields)
            asked = StaffRequest(checked_reason(given.get("reason")), correlation_id(request.scope))
            decide = partial(self._decide(decision, given), group_id, by=member.actor, request=asked)
            return await self._desk.answer(partial(self._decided, decision, decide, group_id))

        act.__doc__ = SUMMARIES[decision]
        return act

    def _decide(self, decision: Decision, given: Mapping[str, Any]) -> Decide:
        match decision:
            case "resolve":
                return self._decisions.resolve
            case "ignore":
                return partial(self._decisions.ignore, ignored=_ignored(given, self._clock()))
            case "reopen":
                return self._decisions.reopen

    def _decided(self, decision: Decision, decide: Callable[[], None], group_id: str) -> DecidedBody:
        decide()
        (group,) = failure_groups(self._pool, group_id=group_id)
        return DecidedBody(group=group_body(group), next=NEXT[decision])


def _ignored(given: Mapping[str, Any], now: datetime) -> Ignored:
    until = None if given.get("until") is None else moment_of("until", str(given["until"]))
    uploads = given.get("uploads")
    if uploads is not None and (type(uploads) is not int or not 1 <= uploads <= MOST_UPLOADS):
        raise MalformedError(f"`uploads` is {str(uploads)[:40]!r}. It must be a whole number from 1 to {MOST_UPLOADS}.")
    if until is None and uploads is None:
        raise MalformedError("Say for how long: `until` is a time, `uploads` a number of further uploads.")
    if until is not None and until <= now:
        raise over("until", str(given["until"]))
    return Ignored(until, uploads)
