"""Examples of what is answered about staff, for the OpenAPI document."""

from datetime import UTC, datetime
from typing import Final

from app.api.http.openapi import JOB_ID, MOVED_AT, SUBMITTED_AT
from app.api.support.people.bodies import (
    AuditBody,
    DeedBody,
    MemberBody,
    MembersBody,
    OneMemberBody,
    PersonBody,
    TokenBody,
)
from domain.staff import Role

PERSON: Final = PersonBody(name="erika", role=Role.AGENT, until=datetime(2027, 2, 1, tzinfo=UTC))
MEMBER: Final = MemberBody(
    name="erika",
    role=Role.AGENT,
    state="active",
    until=datetime(2027, 2, 1, tzinfo=UTC),
    added_at=SUBMITTED_AT,
    token_since=SUBMITTED_AT,
    revoked_at=None,
)
MEMBERS: Final = MembersBody(members=[MEMBER])
ONE_MEMBER: Final = OneMemberBody(member=MEMBER)
TOKEN: Final = TokenBody(member=MEMBER, token="dks_...")  # noqa: S106 - an example
AUDIT: Final = AuditBody(
    deeds=[
        DeedBody(
            number=None,
            at=MOVED_AT,
            actor="staff:erika",
            action="retried",
            job_id=JOB_ID,
            subject=None,
            reason="The owner wrote that it is stuck, ticket 4711.",
            request_id="5f0c6d2b9a3e4c1f8d7b6a5e4f3c2b1a",
            facts={"version": 7},
        )
    ],
    next_cursor=None,
)
