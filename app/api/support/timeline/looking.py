"""GET /api/support/uploads/{jobId} and its /timeline: an upload as it was, and what happened to it.

Every look is a row of the audit log. It is written before the answer is sent: what cannot be recorded is not shown. A
timeline that is watched is asked for again and again; the answer that nothing has changed shows nothing and is no look.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from litestar import Request, Response

from app.api.http.correlation import correlation_id
from app.api.http.errors import MalformedError
from app.api.http.job_id import JobId
from app.api.http.services import Services
from app.api.support.requests.desk import NO_STORE, Desk
from app.api.support.requests.jobs import upload_of
from app.api.support.requests.parameters import moment_of
from app.api.support.timeline.bodies import StateBody, TimelineBody
from app.api.support.timeline.states import state_body
from app.api.support.timeline.timelines import timeline_body
from domain.errors import UploadNotFoundError
from projections.log.event_log import LoggedEvent
from projections.log.pools import Pool
from projections.queries.history import read_history, version_at
from projections.staff.audit_log import Action, Entry
from projections.staff.members import Member


class Looking:
    """Shows uploads to staff."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._pool: Pool = services.pool
        self._settings = services.settings
        self._key = "".join(services.settings.secret_keys).encode()
        self._desk = desk

    async def timeline(self, request: Request[Any, Any, Any], job_id: JobId) -> Response[TimelineBody | None]:
        """Look at what happened to an upload: its events, and its time cut into spans."""
        member = await self._desk.member(request)
        upload_id = upload_of(job_id)
        seen = request.headers.get("if-none-match", "")
        ask = partial(self._timeline, upload_id, member, seen, correlation_id(request.scope))
        body, tag = await self._desk.run(ask)
        status = HTTPStatus.OK if body else HTTPStatus.NOT_MODIFIED
        return Response(body, status_code=status, headers={**NO_STORE, "ETag": tag})

    async def state(self, request: Request[Any, Any, Any], job_id: JobId) -> Response[StateBody]:
        """Look at an upload as it is, as it was after an event, or as it was at a time."""
        member = await self._desk.member(request)
        upload_id = upload_of(job_id)
        version, at = _asked(request.query_params.dict())
        ask = partial(self._state, upload_id, member, version, at, correlation_id(request.scope))
        return await self._desk.answer(ask)

    def _timeline(self, upload_id: UUID, member: Member, seen: str, request_id: str) -> tuple[TimelineBody | None, str]:
        body = timeline_body(upload_id, read_history(self._pool, upload_id), self._settings)
        tag = self._tag(member, body)
        if seen == tag:
            return None, tag
        facts = {"what": "timeline"}
        self._desk.audit_log.record(
            Entry(actor=member.actor, action=Action.LOOKED, upload_id=upload_id, facts=facts, request_id=request_id)
        )
        return body, tag

    def _tag(self, member: Member, body: TimelineBody) -> str:
        # Signed: with a tag that was guessed, a person would learn without a record that an upload is at its version.
        shown = [member.name, str(body.job_id), *(f"{span.kind} {span.worker}" for span in body.spans)]
        text = "\n".join([*shown, str(len(body.events)), str(body.worker), str(body.next)])
        return f'"{hmac.digest(self._key, text.encode(), "sha256").hex()[:32]}"'

    def _state(
        self, upload_id: UUID, member: Member, version: str | None, at: str | None, request_id: str
    ) -> StateBody:
        events = read_history(self._pool, upload_id).events
        chosen = _version(events, version, at)
        body = state_body(events, chosen)
        facts = {"what": "state", "version": chosen}
        self._desk.audit_log.record(
            Entry(actor=member.actor, action=Action.LOOKED, upload_id=upload_id, facts=facts, request_id=request_id)
        )
        return body


def _asked(given: Mapping[str, list[str]]) -> tuple[str | None, str | None]:
    """The parameters version and at. Raises MalformedError for both, and for several."""
    if sum(map(len, given.values())) > 1:
        raise MalformedError("Give either `version` or `at`, and give it once.")
    return next(iter(given.get("version", [])), None), next(iter(given.get("at", [])), None)


def _version(events: Sequence[LoggedEvent], version: str | None, at: str | None) -> int:
    if at is not None:
        if found := version_at(events, moment_of("at", at)):
            return found
        submitted = events[0].recorded_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        raise UploadNotFoundError(f"At {at} there was no such upload. It was submitted at {submitted}.")
    if version is None:
        return len(events)
    if not (version.isascii() and version.isdecimal()):
        raise MalformedError(f"`version` is {version[:40]!r}. It must be a whole number from 1 to {len(events)}.")
    if not 1 <= int(version[:10]) <= len(events) or len(version) > len("2147483647"):
        raise UploadNotFoundError(f"There is no version {version[:40]} of this upload. It has 1 to {len(events)}.")
    return int(version)
