"""GET /api/support/uploads: finds uploads by anything that one is told. Every search is a row of the audit log."""

from functools import partial
from typing import Any, Final

from litestar import Request, Response

from app.api.http.correlation import correlation_id
from app.api.http.services import Services
from app.api.http.slots import Slots
from app.api.support.bodies import FoundBody, PersonBody, SearchBody
from app.api.support.filters import Filters, cursor_of, filters_of
from app.api.support.identity import Identity
from domain.staff import Role
from projections.queries.search import FoundUpload, find
from projections.staff.audit_log import Action, AuditLog, Entry
from projections.staff.members import Member

NO_STORE: Final = {"Cache-Control": "no-store"}


class Searching:
    """Answers searches."""

    def __init__(self, services: Services, identity: Identity, slots: Slots) -> None:
        self._pool = services.pool
        self._sessions = services.sessions
        self._audit_log = AuditLog(services.pool)
        self._identity = identity
        self._slots = slots

    async def me(self, request: Request[Any, Any, Any]) -> Response[PersonBody]:
        """Ask who one is, and what one may do."""
        member = await self._identity.of(request, Role.VIEWER)
        return Response(PersonBody(name=member.name, role=member.role, until=member.until), headers=NO_STORE)

    async def search(self, request: Request[Any, Any, Any]) -> Response[SearchBody]:
        """Search for uploads, newest first."""
        member = await self._identity.of(request, Role.VIEWER)
        filters = filters_of(request.query_params.dict(), self._sessions)
        body = await self._slots.run(partial(self._search, member, filters, correlation_id(request.scope)))
        return Response(body, headers=NO_STORE)

    def _search(self, member: Member, filters: Filters, request_id: str) -> SearchBody:
        page = find(self._pool, filters.search, filters.after, filters.limit)
        self._audit_log.record(
            Entry(actor=member.actor, action=Action.SEARCHED, facts=filters.facts, request_id=request_id)
        )
        return SearchBody(
            uploads=[_body(upload) for upload in page.uploads],
            count=page.count,
            count_is_exact=page.count_is_exact,
            next_cursor=cursor_of(page.next_place) if page.next_place else None,
        )


def _body(upload: FoundUpload) -> FoundBody:
    return FoundBody(
        job_id=upload.upload_id,
        status=upload.status,
        stage=upload.stage,
        progress=upload.progress,
        error_code=upload.error_code,
        failed_stage=upload.failed_stage,
        attempt=upload.attempt,
        running=upload.running,
        worker=upload.worker,
        stands_still=upload.stands_still,
        waiting_for=upload.waiting_for,
        retry_at=upload.retry_at,
        created_at=upload.created_at,
        updated_at=upload.updated_at,
        version=upload.version,
        session=f"session:{upload.session_hash}",
    )
