"""GET and POST /api/support/staff, and its /rotate and /revoke: admins manage the staff.

A token is in the answer that made it and nowhere else. If the last admin is revoked, the command line adds another one.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from litestar import Request, Response
from litestar.params import PathParameter

from app.api.http.correlation import correlation_id
from app.api.http.services import Services
from app.api.support.people.bodies import MemberBody, MembersBody, OneMemberBody, TokenBody
from app.api.support.requests.desk import Desk
from app.api.support.requests.fields import fields_of
from app.api.support.requests.parameters import end_of, mistake, one_of, over
from domain.errors import StaffNotFoundError
from domain.staff import NAME, NAME_RULE, Role
from projections.staff.members import Member, Staff

Name = Annotated[str, PathParameter(name="name")]


class Members:
    """Shows and changes the staff."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._staff = Staff(services.pool)
        self._clock = services.clock
        self._desk = desk

    async def members(self, request: Request[Any, Any, Any]) -> Response[MembersBody]:
        """Look at the staff: every member that there ever was."""
        await self._desk.member(request, Role.ADMIN)
        return await self._desk.answer(
            lambda: MembersBody(members=[member_body(member) for member in self._staff.members()])
        )

    async def add(self, request: Request[Any, Any, Any]) -> Response[TokenBody]:
        """Add a member; the answer has the token, once."""
        admin = await self._desk.member(request, Role.ADMIN)
        given = await fields_of(request, {"name", "role", "until"})
        name = given.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise mistake("name", str(name), NAME_RULE)
        role = _role_of(given)
        if role is None:
            raise mistake("role", "", f"one of {', '.join(Role)}")
        until, asked = self._until_of(given), correlation_id(request.scope)
        add = partial(self._staff.add, name, role, until, by=admin.actor, request_id=asked)
        return await self._desk.answer(partial(_with_token, add), HTTPStatus.CREATED)

    async def rotate(self, request: Request[Any, Any, Any], name: Name) -> Response[TokenBody]:
        """Give a member a new token, and another role or end if one is given; the old token ends at once."""
        admin = await self._desk.member(request, Role.ADMIN)
        given = await fields_of(request, {"role", "until"})
        rotate = partial(
            self._staff.rotate,
            _known(name),
            by=admin.actor,
            role=_role_of(given),
            until=self._until_of(given),
            request_id=correlation_id(request.scope),
        )
        return await self._desk.answer(partial(_with_token, rotate))

    async def revoke(self, request: Request[Any, Any, Any], name: Name) -> Response[OneMemberBody]:
        """Take the access of a member away, at once and for good."""
        admin = await self._desk.member(request, Role.ADMIN)
        await fields_of(request, ())
        revoke = partial(self._staff.revoke, _known(name), by=admin.actor, request_id=correlation_id(request.scope))
        return await self._desk.answer(lambda: OneMemberBody(member=member_body(revoke())))

    def _until_of(self, given: Mapping[str, Any]) -> datetime | None:
        if given.get("until") is None:
            return None
        text = str(given["until"])
        until = end_of("until", text)  # a day is the last one, as on the command line
        if until <= self._clock():
            raise over("until", text)
        return until


def member_body(member: Member) -> MemberBody:
    """The body of a member."""
    return MemberBody(
        name=member.name,
        role=member.role,
        state=member.state,
        until=member.until,
        added_at=member.added_at,
        token_since=member.token_since,
        revoked_at=member.revoked_at,
    )


def _with_token(change: Callable[[], tuple[Member, str]]) -> TokenBody:
    member, token = change()
    return TokenBody(member=member_body(member), token=token)


def _role_of(given: Mapping[str, Any]) -> Role | None:
    return None if given.get("role") is None else one_of(Role)("role", str(given["role"]))


def _known(name: str) -> str:
    if not NAME.fullmatch(name):
        raise StaffNotFoundError(f"There is no staff member {name[:64]!r}. GET /api/support/staff lists them.")
    return name
