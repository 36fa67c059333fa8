"""The endpoints about staff: who asks, who there is, and who did what."""

from http import HTTPStatus
from typing import Final

from litestar.handlers import HTTPRouteHandler

from app.api.http.openapi import answers
from app.api.http.services import Services
from app.api.support.people import examples
from app.api.support.people.audit import Audit
from app.api.support.people.bodies import AuditBody, MembersBody, OneMemberBody, PersonBody, TokenBody
from app.api.support.people.me import Me
from app.api.support.people.members import Members
from app.api.support.requests.desk import Desk
from app.api.support.requests.operations import endpoint, parameter, text
from domain.errors import StaffNameTakenError, StaffNotFoundError, StaffRevokedError, UploadNotFoundError
from domain.staff import Role

CHANGE: Final = {
    "role": text("The role.", *Role),
    "until": text("When the access ends, for example 2027-01-31T00:00:00Z; left out for never."),
}
FIELDS: Final = {"name": text("The name: given once, because events contain it."), **CHANGE}
DEEDS: Final = (
    parameter("since", "query", "From this time on."),
    parameter("until", "query", "Before this time."),
    parameter("by", "query", "The name of a staff member, or an actor such as operator:root."),
    parameter("jobId", "query", "What was done to this upload."),
    parameter("cursor", "query", "The nextCursor of the page before."),
    parameter("limit", "query", "The length of a page, 1 to 200; 50 unless given."),
)


def people_routes(services: Services, desk: Desk) -> list[HTTPRouteHandler]:
    """The handlers of this room."""
    members = Members(services, desk)
    person = answers(PersonBody, "Who asks.", person=examples.PERSON)
    token = answers(TokenBody, "The member, and the token, which is shown once.", token=examples.TOKEN)
    return [
        endpoint("GET", "/me", Me(desk).me, name="getStaffMember", answer=person),
        endpoint(
            "GET",
            "/audit",
            Audit(desk).audit,
            name="getAudit",
            answer=answers(AuditBody, "What staff did, the newest first.", audit=examples.AUDIT),
            refusals=(UploadNotFoundError,),
            takes=DEEDS,
        ),
        endpoint(
            "GET",
            "/staff",
            members.members,
            name="getStaffMembers",
            answer=answers(MembersBody, "Every member, by name.", members=examples.MEMBERS),
            role=Role.ADMIN,
        ),
        endpoint(
            "POST",
            "/staff",
            members.add,
            name="addStaffMember",
            answer=token,
            role=Role.ADMIN,
            status=HTTPStatus.CREATED,
            refusals=(StaffNameTakenError,),
            fields=FIELDS,
            optional=("until",),
        ),
        endpoint(
            "POST",
            "/staff/{name:str}/rotate",
            members.rotate,
            name="rotateStaffToken",
            answer=token,
            role=Role.ADMIN,
            refusals=(StaffNotFoundError, StaffRevokedError),
            fields=CHANGE,
            optional=tuple(CHANGE),
        ),
        endpoint(
            "POST",
            "/staff/{name:str}/revoke",
            members.revoke,
            name="revokeStaffMember",
            answer=answers(OneMemberBody, "The access is taken away.", member=examples.ONE_MEMBER),
            role=Role.ADMIN,
            refusals=(StaffNotFoundError, StaffRevokedError),
        ),
    ]
