"""Who asks: the staff member of a bearer token or of the console's cookie, or the one whom a trusted proxy names.

A proxy that has authenticated a person says so in STAFF_PROXY_HEADER, which is believed from TRUSTED_PROXIES alone: any
other client can write a header. The name must be that of a staff member.
"""

from functools import partial
from typing import Any, Final

from litestar import Request
from prometheus_client import Counter

from app.api.http.addresses import address_of, comes_from
from app.api.http.errors import ForbiddenError, NoStaffError
from app.api.http.services import Services
from app.api.http.slots import Slots
from app.api.support.requests.cookies import SessionCookie, check_csrf_token
from app.limits.networks import networks_of
from app.limits.wrong_tokens import WrongTokens
from domain.staff import Role
from projections.log.throttled import ThrottledWarning
from projections.staff.members import Member, Staff
from projections.staff.sessions import StaffSessions

SCHEME: Final = "bearer "


class Identity:
    """Recognises staff members, and says no to everyone else."""

    def __init__(self, services: Services, slots: Slots) -> None:
        self._staff = Staff(services.pool)
        self._sessions = StaffSessions(services.pool)
        self._cookie = SessionCookie(services.settings)
        self._slots = slots
        self._header = services.settings.staff_proxy_header
        self._trusted = services.settings.trusted_proxies
        self._wrong = WrongTokens()
        self._warning = ThrottledWarning("support.wrong_token")
        self._counter = Counter(
            "darkroom_support_wrong_tokens",
            "Requests to /api/support without a token of an active staff member.",
            registry=services.registry,
        )

    async def of(self, request: Request[Any, Any, Any], needed: Role) -> Member:
        """The member who asks. Raises NoStaffError, TooManyWrongTokensError, and ForbiddenError for another role."""
        member = await self._named_by_proxy(request) or await self._signed_in(request) or await self._bearer(request)
        demand_role(member, needed)
        return member

    async def _named_by_proxy(self, request: Request[Any, Any, Any]) -> Member | None:
        if self._header is None or not comes_from(request.scope, self._trusted):
            return None
        names = request.headers.getall(self._header, [])
        if not names:
            return None
        if len(names) > 1:
            raise self._refusal(request, "", "the proxy named several people")
        member = await self._named(names[0])
        if member is None:
            raise self._refusal(request, "", "the proxy named a person who is no staff member")
        return self._active(request, member, "")

    async def _signed_in(self, request: Request[Any, Any, Any]) -> Member | None:
        secret = self._cookie.read(request)
        if secret is None or "authorization" in request.headers:
            return None
        await self._wrong.hold(address_of(request.scope, self._trusted), secret)
        session = await self._slots.run(partial(self._sessions.find, secret))
        member = await self._named(session.name) if session else None
        if member is None:
            raise self._refusal(request, secret, "the session is over")
        self._active(request, member, secret)
        self._wrong.remember(secret)
        check_csrf_token(request, secret)
        return member

    async def _bearer(self, request: Request[Any, Any, Any]) -> Member:
        sent = request.headers.getall("authorization", [])
        token = sent[0][len(SCHEME) :].strip() if sent and sent[0].lower().startswith(SCHEME) else ""
        if len(sent) > 1 or not token:
            raise NoStaffError
        return await self.holder_of(request, token)

    async def holder_of(self, request: Request[Any, Any, Any], token: str) -> Member:
        """The active member to whom a token was given. Raises NoStaffError, TooManyWrongTokensError."""
        await self._wrong.hold(address_of(request.scope, self._trusted), token)
        member = await self._slots.run(partial(self._staff.holder, token))
        if member is None:
            raise self._refusal(request, token, "this token was given to no staff member")
        self._active(request, member, token)
        self._wrong.remember(token)
        return member

    async def named_by_link(self, request: Request[Any, Any, Any], code: str) -> Member:
        """The active member whom a link signs in; it is used up. Raises NoStaffError, TooManyWrongTokensError."""
        await self._wrong.hold(address_of(request.scope, self._trusted), code)
        name = await self._slots.run(partial(self._sessions.redeem, code))
        member = await self._named(name) if name else None
        if member is None:
            raise self._refusal(request, code, "this link was used before, or is over")
        return self._active(request, member, code)

    async def _named(self, name: str) -> Member | None:
        return await self._slots.run(partial(self._staff.named, name))

    def _active(self, request: Request[Any, Any, Any], member: Member, token: str) -> Member:
        if member.state != "active":
            raise self._refusal(request, token, f"the access of {member.name} is {member.state}")
        return member

    def _refusal(self, request: Request[Any, Any, Any], token: str, why: str) -> NoStaffError:
        address = address_of(request.scope, self._trusted)
        if token:
            self._wrong.count(address, token)
        self._counter.inc()
        self._warning.warn(f"{why}, from {networks_of(address)[0]}")
        return NoStaffError(f"You are not signed in: {why}. An admin can give you a token.")


def demand_role(member: Member, needed: Role) -> None:
    """Return if the member's role covers the needed one. Raises ForbiddenError."""
    if not member.role.covers(needed):
        raise ForbiddenError(
            f"{member.name} is {_article(member.role)}; this takes {_article(needed)}. Ask a colleague who may."
        )


def _article(role: Role) -> str:
    return f"{'a' if role is Role.VIEWER else 'an'} {role}"
