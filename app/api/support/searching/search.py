"""GET /api/support/uploads: finds uploads by anything that one is told. Every search is a row of the audit log."""

from functools import partial
from typing import Any

from litestar import Request, Response

from app.api.http.correlation import correlation_id
from app.api.http.services import Services
from app.api.support.requests.cursors import cursor_of
from app.api.support.requests.desk import Desk
from app.api.support.searching.bodies import FoundBody, SearchBody
from app.api.support.searching.filters import Filters, filters_of
from projections.queries.current import positions_behind
from projections.queries.search import FoundUpload, find
from projections.staff.audit_log import Action, Entry
from projections.staff.members import Member


class Searching:
    """Answers searches."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._pool = services.pool
        self._sessions = services.sessions
        self._desk = desk

    async def search(self, request: Request[Any, Any, Any]) -> Response[SearchBody]:
        """Search for uploads, newest first."""
        member = await self._desk.member(request)
        filters = filters_of(request.query_params.dict(), self._sessions)
        return await self._desk.answer(partial(self._search, member, filters, correlation_id(request.scope)))

    def _search(self, member: Member, filters: Filters, request_id: str) -> SearchBody:
        behind = positions_behind(self._pool)
        page = find(self._pool, filters.search, filters.after, filters.limit)
        self._desk.audit_log.record(
            Entry(actor=member.actor, action=Action.SEARCHED, facts=filters.facts, request_id=request_id)
        )
        return SearchBody(
            uploads=[_body(upload) for upload in page.uploads],
            count=page.count,
            count_is_exact=page.count_is_exact,
            behind=behind,
            next_cursor=cursor_of(page.end) if page.end else None,
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
