"""POST, GET and DELETE /api/support/session: the console's session, which begins with a token or with a link.

A link is printed by `darkroom up`. It signs in once, and on the same machine alone.
"""

from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import structlog
from litestar import Request, Response

from app.api.http.addresses import is_of_this_machine
from app.api.http.correlation import correlation_id
from app.api.http.errors import ForbiddenError, MalformedError
from app.api.http.services import Services
from app.api.support.requests.cookies import SessionCookie, csrf_token_of
from app.api.support.requests.desk import NO_STORE, Desk
from app.api.support.requests.fields import fields_of
from app.api.support.requests.parameters import demand_known
from app.api.support.signing_in.bodies import EndedStaffSessionBody, StaffSessionBody
from projections.staff.members import Member
from projections.staff.sessions import How, StaffSessions

WAYS: Final = {"token", "link"}

log = structlog.get_logger(__name__)


class SigningIn:
    """Signs staff in and out."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._sessions = StaffSessions(services.pool)
        self._cookie = SessionCookie(services.settings)
        self._desk = desk

    async def begin(self, request: Request[Any, Any, Any]) -> Response[StaffSessionBody]:
        """Sign in with a token of staff, or with the code of a link. The answer sets the cookie."""
        demand_known(request.query_params, ())
        how, given = await _given(request)
        member = await self._person(request, how, given)
        ask = partial(self._sessions.begin, member, how, correlation_id(request.scope))
        secret, session = await self._desk.run(ask)
        log.info("staff.signed_in", by=member.actor, how=how)
        seconds = max(0, int((session.ends_at - datetime.now(UTC)).total_seconds()))
        return Response(
            _body(member, session.ends_at, secret),
            status_code=HTTPStatus.CREATED,
            headers=NO_STORE,
            cookies=[self._cookie.begun(request, secret, seconds)],
        )

    async def show(self, request: Request[Any, Any, Any]) -> Response[StaffSessionBody]:
        """Ask who is signed in, until when, and for the token that changes need."""
        member = await self._desk.member(request)
        secret = self._cookie.read(request)
        session = await self._desk.run(partial(self._sessions.find, secret)) if secret else None
        if secret is None or session is None or session.name != member.name:
            return Response(_body(member, None, None), headers=NO_STORE)
        return Response(_body(member, session.ends_at, secret), headers=NO_STORE)

    async def end(self, request: Request[Any, Any, Any]) -> Response[EndedStaffSessionBody]:
        """Sign out: the session ends at once."""
        member = await self._desk.member(request)
        secret = self._cookie.read(request)
        if secret:
            await self._desk.run(partial(self._sessions.end, secret, correlation_id(request.scope)))
            log.info("staff.signed_out", by=member.actor)
        body = EndedStaffSessionBody(ended=secret is not None)
        return Response(body, headers=NO_STORE, cookies=[self._cookie.ended(request)])

    async def _person(self, request: Request[Any, Any, Any], how: How, given: str) -> Member:
        if how == "token":
            return await self._desk.identity.holder_of(request, given)
        if not is_of_this_machine(request.scope):
            raise ForbiddenError(
                "This link signs in on the machine that runs `darkroom up` alone. Sign in with a token instead."
            )
        return await self._desk.identity.named_by_link(request, given)


async def _given(request: Request[Any, Any, Any]) -> tuple[How, str]:
    """What a person signs in with. Raises MalformedError; the answer never repeats a secret."""
    fields = await fields_of(request, WAYS)
    match fields:
        case {"token": str(token), **others} if token.strip() and not others:
            return "token", token.strip()
        case {"link": str(code), **others} if code.strip() and not others:
            return "link", code.strip()
    raise MalformedError('Sign in with either {"token": "..."} or {"link": "..."}.')


def _body(member: Member, ends_at: datetime | None, secret: str | None) -> StaffSessionBody:
    token = csrf_token_of(secret) if secret else None
    return StaffSessionBody(name=member.name, role=member.role, ends_at=ends_at, csrf_token=token)
