"""POST /api/support/uploads/{jobId}/retry, /cancel, /requeue and /erase: what staff do to an upload.

Each is a command on the aggregate, whose event names the person, the reason and the request. An Idempotency-Key becomes
the id of that event: a repeated request finds it in the log, and is answered in the same way.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

import structlog
from litestar import Request, Response

from app.api.http.correlation import correlation_id
from app.api.http.errors import MalformedError
from app.api.http.job_id import JobId
from app.api.http.services import Services
from app.api.http.slots import Slots
from app.api.support.bodies import ActionBody, ActionName
from app.api.support.identity import Identity
from app.api.support.jobs import upload_of
from app.api.support.outlook import next_after
from app.api.support.reasons import reason_of
from domain.errors import IdempotencyConflictError, RefusedError
from domain.events import Erased, Event, Failed, Requeued, Retried
from domain.staff import Role, StaffRequest
from domain.upload import Upload
from projections.log.event_log import LoggedEvent
from projections.queries.history import UploadHistory, read_history, state_after
from projections.staff.members import Member
from workers.upkeep.erasure import erase

NAMESPACE: Final = UUID("5d1f4d0c-0f3c-4f8e-8a55-6d0d2f7b9a10")
"""The namespace of event ids made from idempotency keys. It may never change."""
KEY: Final = re.compile(r"[!-~]{1,255}")

log = structlog.get_logger(__name__)


class Order(NamedTuple):
    """An action: its name, who may do it, the event that it appends, and how it is answered."""

    name: ActionName
    role: Role
    event: type[Event]
    status: HTTPStatus


RETRY: Final = Order("retry", Role.AGENT, Retried, HTTPStatus.ACCEPTED)
CANCEL: Final = Order("cancel", Role.AGENT, Failed, HTTPStatus.ACCEPTED)
REQUEUE: Final = Order("requeue", Role.AGENT, Requeued, HTTPStatus.ACCEPTED)
ERASE: Final = Order("erase", Role.ADMIN, Erased, HTTPStatus.OK)


class Actions:
    """Runs commands on uploads for staff."""

    def __init__(self, services: Services, identity: Identity, slots: Slots) -> None:
        self._uploads = services.uploads
        self._blobs = services.blobs
        self._pool = services.pool
        self._identity = identity
        self._slots = slots
        self._commands: dict[ActionName, Callable[..., object]] = {
            "retry": services.uploads.retry,
            "cancel": services.uploads.cancel,
            "requeue": self._requeue,
            "erase": partial(erase, services.uploads, services.blobs),
        }

    async def retry(self, request: Request[Any, Any, Any], job_id: JobId) -> Response[ActionBody]:
        """Try a failed upload again, from the stage that failed."""
        return await self._act(RETRY, request, job_id)

    async def cancel(self, request: Request[Any, Any, Any], job_id: JobId) -> Response[ActionBody]:
        """End an upload that waits or runs."""
        return await self._act(CANCEL, request, job_id)

    async def requeue(self, request: Request[Any, Any, Any], job_id: JobId) -> Response[ActionBody]:
        """Let the next attempt of an upload begin now, whatever it waits for."""
        return await self._act(REQUEUE, request, job_id)

    async def erase(self, request: Request[Any, Any, Any], job_id: JobId) -> Response[ActionBody]:
        """Delete the photo and the pictures of an upload, for good. One that still runs is cancelled first."""
        return await self._act(ERASE, request, job_id)

    async def _act(self, order: Order, request: Request[Any, Any, Any], job_id: str) -> Response[ActionBody]:
        member = await self._identity.of(request, order.role)
        reason = await reason_of(request)
        upload_id = upload_of(job_id)
        event_id = _event_id(request.headers.getall("idempotency-key", []), member, upload_id)
        asked = StaffRequest(reason, correlation_id(request.scope), event_id)
        body = await self._slots.run(partial(self._execute, order, upload_id, member, asked))
        return Response(body, status_code=order.status, headers={"Cache-Control": "no-store"})

    def _execute(self, order: Order, upload_id: UUID, member: Member, asked: StaffRequest) -> ActionBody:
        history = read_history(self._pool, upload_id)
        if done := _done(history.events, order, asked):
            return _body(order, state_after(history.events[:done]).upload, changed=True)
        before = state_after(history.events).upload
        try:
            self._commands[order.name](upload_id, by=member.actor, request=asked)
        except RefusedError:
            # The same request may have come twice at the same time, and the other one was first.
            if not (asked.event_id and _done(read_history(self._pool, upload_id).events, order, asked)):
                raise
        log.info("staff.asked", action=order.name, upload_id=str(upload_id), by=member.actor)
        return self._answer(order, upload_id, before, asked)

    def _answer(self, order: Order, upload_id: UUID, before: Upload, asked: StaffRequest) -> ActionBody:
        events = read_history(self._pool, upload_id).events
        own = next((logged.version for logged in events if _is_of(logged, asked)), None)
        upload = state_after(events[: own or before.version]).upload
        return _body(order, upload, changed=own is not None)

    def _requeue(self, upload_id: UUID, *, by: str, request: StaffRequest) -> None:
        _refuse_if_held(read_history(self._pool, upload_id))
        self._uploads.requeue(upload_id, by=by, request=request)


def _refuse_if_held(history: UploadHistory) -> None:
    if history.worker:
        raise RefusedError(
            f"The worker {history.worker} runs this upload now, so there is nothing to re-enqueue. Look at its "
            "timeline; cancel it if it has to stop."
        )


def _event_id(keys: Sequence[str], member: Member, upload_id: UUID) -> UUID | None:
    if not keys:
        return None
    if len(keys) > 1 or not KEY.fullmatch(keys[0]):
        raise MalformedError("An Idempotency-Key has 1 to 255 visible ASCII characters, and is sent once.")
    return uuid5(NAMESPACE, f"{member.name}:{upload_id}:{keys[0]}")


def _done(events: Sequence[LoggedEvent], order: Order, asked: StaffRequest) -> int | None:
    """The version at which this very request was carried out. Raises IdempotencyConflictError for another one's key."""
    if asked.event_id is None:
        return None
    for logged in events:
        if logged.facts.get("event_id") == str(asked.event_id):
            if (logged.name, logged.facts.get("reason")) != (order.event.NAME, asked.reason):
                raise IdempotencyConflictError(
                    "This idempotency key was used for another action or another reason. Send a new key."
                )
            return logged.version
    return None


def _is_of(logged: LoggedEvent, asked: StaffRequest) -> bool:
    facts = logged.facts
    if asked.event_id:
        return bool(facts.get("event_id") == str(asked.event_id))
    return bool(facts.get("request_id") == asked.request_id and facts.get("reason") == asked.reason)


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
