"""GET /api/support/uploads/{jobId}/timeline/usual: the timeline beside that of a usual upload of the same kind.

It is a look at both: both are rows of the audit log.
"""

from functools import partial
from typing import Any
from uuid import UUID

from litestar import Request, Response

from app.api.http.correlation import correlation_id
from app.api.http.job_id import JobId
from app.api.http.services import Services
from app.api.support.requests.desk import Desk
from app.api.support.requests.jobs import upload_of
from app.api.support.timeline.bodies import ComparisonBody
from app.api.support.timeline.timelines import timeline_body
from domain.errors import UploadNotFoundError
from projections.log.pools import Pool
from projections.queries.history import read_history
from projections.queries.timeline import spans
from projections.queries.usual import find_like, first_difference, likeness_of
from projections.staff.audit_log import Action, Entry
from projections.staff.members import Member


class Comparing:
    """Compares uploads for staff."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._pool: Pool = services.pool
        self._settings = services.settings
        self._desk = desk

    async def compare(self, request: Request[Any, Any, Any], job_id: JobId) -> Response[ComparisonBody]:
        """Compare an upload with a usual one of the same kind: a recent one that went well in the median time."""
        member = await self._desk.member(request)
        ask = partial(self._compare, upload_of(job_id), member, correlation_id(request.scope))
        return await self._desk.answer(ask)

    def _compare(self, upload_id: UUID, member: Member, request_id: str) -> ComparisonBody:
        history = read_history(self._pool, upload_id)
        likeness = likeness_of(history.events)
        like_id = find_like(self._pool, likeness) if likeness else None
        if like_id is None:
            raise UploadNotFoundError("No upload of the same prompt version and model was completed: nothing is usual.")
        like = read_history(self._pool, like_id)
        parts, usual_parts = (spans(each.events, each.now, each.held_until) for each in (history, like))
        failure = timeline_body(upload_id, history, self._settings).failure
        body = ComparisonBody(
            job_id=upload_id,
            like=timeline_body(like_id, like, self._settings),
            first_difference=first_difference(parts, usual_parts, history.usual, failure.code if failure else None),
        )
        for looked_at, other in ((upload_id, like_id), (like_id, upload_id)):
            facts = {"what": "comparison", "with": str(other)}
            self._desk.audit_log.record(
                Entry(actor=member.actor, action=Action.LOOKED, upload_id=looked_at, facts=facts, request_id=request_id)
            )
        return body
