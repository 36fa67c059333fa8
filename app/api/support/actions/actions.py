"""POST /api/support/uploads/{jobId}/{action}: what staff do to an upload.

Each is a command on the aggregate, whose event names the person, the reason and the request. An Idempotency-Key becomes
the id of that event: a repeated request finds it in the log, and is answered in the same way.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response

from app.api.http.correlation import correlation_id
from app.api.http.job_id import JobId
from app.api.http.services import Services
from app.api.support.actions.bodies import ActionBody
from app.api.support.actions.keys import done_at, event_id_of, is_of
from app.api.support.actions.orders import Order
from app.api.support.actions.outlook import next_after
from app.api.support.requests.desk import Desk
from app.api.support.requests.fields import words_of
from app.api.support.requests.jobs import upload_of
from domain.errors import RefusedError
from domain.staff import StaffRequest
from domain.upload import Upload
from projections.queries.history import read_history, state_after
from projections.staff.allowance import Allowance
from projections.staff.members import Member
from workers.upkeep.commands import StaffCommands

Handler = Callable[..., Awaitable[Response[ActionBody]]]

log = structlog.get_logger(__name__)


class Actions:
    """Runs commands on uploads for staff."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._pool = services.pool
        self._desk = desk
        self._commands = StaffCommands(services.uploads, services.blobs, services.pool)
        self._allowance = Allowance(services.pool, services.settings.staff_actions_per_hour)

    def handler(self, order: Order) -> Handler:
        """The handler of an action."""

        async def act(request: Request[Any, Any, Any], job_id: JobId) -> Response[ActionBody]:
            member = await self._desk.member(request, order.role)
            words = await words_of(request, order.field)
            upload_id = upload_of(job_id)
            event_id = event_id_of(request.headers.getall("idempotency-key", []), member, upload_id)
            asked = StaffRequest(words, correlation_id(request.scope), event_id)
            return await self._desk.answer(partial(self._execute, order, upload_id, member, asked), order.status)

        act.__doc__ = order.summary
        return act

    def _execute(self, order: Order, upload_id: UUID, member: Member, asked: StaffRequest) -> ActionBody:
        history = read_history(self._pool, upload_id)
        if done := done_at(history.events, order.event, asked):
            return _body(order, state_after(history.events[:done]).upload, changed=True)
        self._allowance.demand(member.actor)
        before = state_after(history.events).upload
        try:
            self._commands.run(order.name, upload_id, by=member.actor, request=asked)
        except RefusedError:
            # The same request may have come twice at the same time, and the other one was first.
            if not (asked.event_id and done_at(read_history(self._pool, upload_id).events, order.event, asked)):
                raise
        log.info("staff.asked", action=order.name, upload_id=str(upload_id), by=member.actor)
        return self._answer(order, upload_id, before, asked)

    def _answer(self, order: Order, upload_id: UUID, before: Upload, asked: StaffRequest) -> ActionBody:
        events = read_history(self._pool, upload_id).events
        # An erasure also cancels what still runs: that is an event of the same request.
        own = next((each.version for each in events if each.name == order.event.NAME and is_of(each, asked)), None)
        upload = state_after(events[: own or before.version]).upload
        return _body(order, upload, changed=own is not None)


def _body(order: Order, upload: Upload, *, changed: bool) -> ActionBody:
    return ActionBody(
        job_id=upload.id,
        action=order.name,
        changed=changed,
        status=upload.status,
        stage=upload.stage,
        progress=upload.progress,
        attempt=upload.attempt,
        version=upload.version,
        next=next_after(order.name, upload, changed=changed),
    )
