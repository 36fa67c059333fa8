"""The bodies of the answers about staff, in camelCase."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from app.api.http.bodies import Body
from domain.staff import Role

MemberState = Literal["active", "ended", "revoked"]


class PersonBody(Body, frozen=True, kw_only=True):
    """The staff member who asks; `until` is when the access ends, null for never."""

    name: str
    role: Role
    until: datetime | None


class MemberBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """A staff member. `until` is the end of the access, null for never; `tokenSince` is when the token was given."""

    name: str
    role: Role
    state: MemberState
    until: datetime | None
    added_at: datetime
    token_since: datetime
    revoked_at: datetime | None


class MembersBody(Body, frozen=True, kw_only=True):
    """Every member that there ever was, by name."""

    members: list[MemberBody]


class OneMemberBody(Body, frozen=True, kw_only=True):
    """A member after a change."""

    member: MemberBody


class TokenBody(Body, frozen=True, kw_only=True):
    """A member and the new token. The token is in no other answer: hand it over now."""

    member: MemberBody
    token: str


class DeedBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a person did. `number` counts the rows of the audit log; null for an event of an upload."""

    number: int | None
    at: datetime
    actor: str
    action: str
    job_id: UUID | None
    subject: str | None
    reason: str | None
    request_id: str | None
    facts: dict[str, Any]


class AuditBody(Body, frozen=True, kw_only=True):
    """What staff did, the newest first; `nextCursor` is null on the last page."""

    deeds: list[DeedBody]
    next_cursor: str | None
