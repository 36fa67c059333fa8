"""POST /api/support/bulk: a dry run. It says how many uploads a search finds and which, and changes none of them."""

from functools import partial
from http import HTTPStatus
from typing import Any, Final, get_args

from litestar import Request, Response

from app.api.http.correlation import correlation_id
from app.api.http.errors import MalformedError
from app.api.http.services import Services
from app.api.support.bulk.bodies import PlannedBody
from app.api.support.bulk.showing import bulk_body, role_for
from app.api.support.requests.desk import Desk
from app.api.support.requests.fields import fields_of
from app.api.support.requests.identity import demand_role
from app.api.support.requests.parameters import mistake
from app.api.support.searching.filters import Filters, filters_of
from domain.failures import NEEDS_NEW_PHOTO
from domain.staff import Role, checked_reason
from domain.stages import Status
from projections.queries.candidates import Candidate, candidates
from projections.queries.current import positions_behind
from projections.staff.members import Member
from workers.upkeep.bulk import MOST, BulkActions, Plan
from workers.upkeep.commands import ActionName

ACTIONS: Final[tuple[ActionName, ...]] = tuple(name for name in get_args(ActionName) if name != "note")
PAGING: Final = {"cursor", "limit"}


class Planning:
    """Makes dry runs."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._pool = services.pool
        self._sessions = services.sessions
        self._bulk = BulkActions(services.pool)
        self._desk = desk

    async def plan(self, request: Request[Any, Any, Any]) -> Response[PlannedBody]:
        """Make a dry run of an action on all uploads of a search: it holds for ten minutes, and changes nothing."""
        member = await self._desk.member(request, Role.AGENT)
        given = await fields_of(request, {"action", "reason", "search"})
        action = _action_of(given.get("action"))
        demand_role(member, role_for(action))
        reason = checked_reason(given.get("reason"))
        filters = self._filters_of(given.get("search"))
        work = partial(self._plan, member, action, reason, filters, correlation_id(request.scope))
        return await self._desk.answer(work, HTTPStatus.CREATED)

    def _filters_of(self, search: object) -> Filters:
        if not isinstance(search, dict) or not all(isinstance(text, str | bool | int) for text in search.values()):
            raise MalformedError('`search` must be an object of the filters of a search, such as {"status": "failed"}.')
        if paging := PAGING & search.keys():
            raise MalformedError(f"`search` has {min(paging)!r}. A bulk action takes all that a search finds.")
        texts = {name: [_text(value)] for name, value in search.items()}
        # A search passes over an empty filter, as a form sends it. An action on many must not: it would find more.
        if empty := [name for name, (text,) in texts.items() if not text.strip()]:
            raise MalformedError(f"`{min(empty)}` of `search` is empty. Give it a value, or leave it out.")
        filters = filters_of(texts, self._sessions)
        if not filters.facts:
            raise MalformedError(
                '`search` has no filter, so it would find every upload. Give one, such as {"status": "failed"}.'
            )
        return filters

    def _plan(self, member: Member, action: ActionName, reason: str, filters: Filters, request_id: str) -> PlannedBody:
        positions_behind(self._pool)
        uploads = candidates(self._pool, filters.search, MOST + 1)
        if len(uploads) > MOST:
            raise MalformedError(f"This search finds more than {MOST} uploads. Narrow it, for example by its times.")
        plan = Plan(
            action=action,
            search=filters.facts,
            reason=reason,
            request_id=request_id,
            upload_ids=[upload.upload_id for upload in uploads],
            fit=sum(fits(action, upload) for upload in uploads),
        )
        bulk = self._bulk.plan(plan, by=member.actor)
        return PlannedBody(bulk=bulk_body(bulk), job_ids=list(plan.upload_ids))


def fits(action: ActionName, upload: Candidate) -> bool:
    """Whether the action makes sense for an upload, by its row."""
    ended = upload.status in {Status.COMPLETED, Status.FAILED}
    match action:
        case "retry":
            return upload.status == Status.FAILED and upload.error_code not in NEEDS_NEW_PHOTO
        case "cancel":
            return not ended
        case "requeue":
            return not ended and upload.worker is None
        case _:
            return True


def _action_of(action: object) -> ActionName:
    for name in ACTIONS:
        if action == name:
            return name
    raise mistake("action", str(action), f"one of {', '.join(ACTIONS)}")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
