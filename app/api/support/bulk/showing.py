"""GET /api/support/bulk, GET /api/support/bulk/{bulkId}, and its /run and /stop."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response
from litestar.params import PathParameter

from app.api.http.correlation import correlation_id
from app.api.http.services import Services
from app.api.support.bulk.bodies import BulkBody, BulksBody, BulkUploadBody, OneBulkBody, ProgressBody, ReportBody
from app.api.support.requests.desk import Desk
from app.api.support.requests.fields import fields_of
from app.api.support.requests.identity import demand_role
from app.api.support.requests.parameters import parsed, whole
from domain.errors import BulkActionNotFoundError
from domain.staff import Role
from projections.staff.allowance import Allowance
from projections.staff.members import Member
from workers.upkeep.bulk import MOST, BulkAction, BulkActions, BulkState
from workers.upkeep.commands import ActionName

BulkId = Annotated[str, PathParameter(name="bulkId")]

PAGE: Final = 200
NEXT: Final = {
    BulkState.PLANNED: "Nothing has changed. POST .../run within ten minutes acts on exactly these uploads.",
    BulkState.EXPIRED: "It was not carried out in time. Make another dry run.",
    BulkState.RUNNING: "It goes on in the background, also after a restart. POST .../stop leaves the rest as it is.",
    BulkState.STOPPED: "It was stopped: the uploads without an outcome were left as they are.",
    BulkState.DONE: "It is done. The report says what became of each upload.",
}


class Bulk:
    """Shows bulk actions, runs them and stops them."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._bulk = BulkActions(services.pool)
        self._allowance = Allowance(services.pool, services.settings.staff_actions_per_hour)
        self._desk = desk

    async def latest(self, request: Request[Any, Any, Any]) -> Response[BulksBody]:
        """Look at the latest bulk actions."""
        await self._desk.member(request)
        return await self._desk.answer(lambda: BulksBody(bulks=[bulk_body(bulk) for bulk in self._bulk.latest()]))

    async def one(self, request: Request[Any, Any, Any], bulk_id: BulkId) -> Response[ReportBody]:
        """Look at the progress of a bulk action, and at what became of each upload."""
        await self._desk.member(request)
        given = parsed(request.query_params.dict(), {"cursor": whole(0, MOST), "limit": whole(1, PAGE)})
        work = partial(self._report, id_of(bulk_id), given.get("cursor", 0), given.get("limit", PAGE))
        return await self._desk.answer(work)

    async def run(self, request: Request[Any, Any, Any], bulk_id: BulkId) -> Response[OneBulkBody]:
        """Carry out a dry run in the background: on exactly its uploads."""
        member = await self._desk.member(request, Role.AGENT)
        await fields_of(request, ())
        work = partial(self._run, request, bulk_id, member)
        return await self._desk.answer(work, HTTPStatus.ACCEPTED)

    async def stop(self, request: Request[Any, Any, Any], bulk_id: BulkId) -> Response[OneBulkBody]:
        """Stop a bulk action: uploads that have had no turn yet are left as they are."""
        member = await self._desk.member(request, Role.AGENT)
        await fields_of(request, ())
        request_id = correlation_id(request.scope)
        return await self._desk.answer(
            lambda: OneBulkBody(
                bulk=bulk_body(self._bulk.stop(id_of(bulk_id), by=member.actor, request_id=request_id))
            ),
            HTTPStatus.ACCEPTED,
        )

    def _run(self, request: Request[Any, Any, Any], bulk_id: str, member: Member) -> OneBulkBody:
        found = self._bulk.one(id_of(bulk_id))
        demand_role(member, role_for(found.action))
        if found.state == BulkState.PLANNED:
            self._allowance.demand(member.actor, found.count)
        request_id = correlation_id(request.scope)
        return OneBulkBody(bulk=bulk_body(self._bulk.start(found.bulk_id, by=member.actor, request_id=request_id)))

    def _report(self, bulk_id: UUID, after: int, limit: int) -> ReportBody:
        bulk = self._bulk.one(bulk_id)
        uploads = self._bulk.uploads(bulk_id, after, limit + 1)
        page = uploads[:limit]
        return ReportBody(
            bulk=bulk_body(bulk),
            uploads=[
                BulkUploadBody(job_id=each.upload_id, outcome=each.outcome, told=each.told, at=each.done_at)
                for each in page
            ],
            next_cursor=str(page[-1].number) if len(uploads) > limit else None,
        )


def id_of(bulk_id: str) -> UUID:
    """The id in a path. Raises BulkActionNotFoundError for what is none."""
    try:
        return UUID(bulk_id)
    except ValueError:
        raise BulkActionNotFoundError(f"{bulk_id[:60]!r} is no id of a bulk action.") from None


def role_for(action: ActionName) -> Role:
    """The role that a bulk action takes: that of the action on one upload."""
    return Role.ADMIN if action == "erase" else Role.AGENT


def bulk_body(bulk: BulkAction) -> BulkBody:
    """The body of a bulk action."""
    told = bulk.done + bulk.unchanged + bulk.refused + bulk.failed
    state = BulkState(bulk.state)
    return BulkBody(
        bulk_id=bulk.bulk_id,
        action=bulk.action,
        search={name: str(value) for name, value in bulk.search.items()},
        reason=bulk.reason,
        state=state,
        count=bulk.count,
        fit=bulk.fit,
        planned_by=bulk.planned_by,
        planned_at=bulk.planned_at,
        expires_at=bulk.expires_at,
        started_by=bulk.started_by,
        started_at=bulk.started_at,
        ended_by=bulk.ended_by,
        ended_at=bulk.ended_at,
        progress=ProgressBody(
            done=bulk.done,
            unchanged=bulk.unchanged,
            refused=bulk.refused,
            failed=bulk.failed,
            left=bulk.count - told,
        ),
        next=NEXT[state],
    )
