"""The endpoints that sign staff in and out."""

from http import HTTPStatus
from typing import Final

from litestar.handlers import HTTPRouteHandler

from app.api.http.openapi import answers
from app.api.http.services import Services
from app.api.support.requests.desk import Desk
from app.api.support.requests.operations import endpoint, text
from app.api.support.signing_in import examples
from app.api.support.signing_in.bodies import EndedStaffSessionBody, StaffSessionBody
from app.api.support.signing_in.signing_in import SigningIn

FIELDS: Final = {
    "token": text("The token of a staff member."),
    "link": text("The code of the link that `darkroom up` prints."),
}


def signing_in_routes(services: Services, desk: Desk) -> list[HTTPRouteHandler]:
    """The handlers of this room."""
    signing_in = SigningIn(services, desk)
    session = answers(StaffSessionBody, "Who is signed in.", session=examples.SESSION)
    ended = answers(EndedStaffSessionBody, "The person is signed out.", ended=examples.ENDED)
    return [
        endpoint(
            "POST",
            "/session",
            signing_in.begin,
            name="signIn",
            answer=session,
            role=None,
            status=HTTPStatus.CREATED,
            fields=FIELDS,
            optional=tuple(FIELDS),
        ),
        endpoint("GET", "/session", signing_in.show, name="getStaffSession", answer=session),
        endpoint("DELETE", "/session", signing_in.end, name="signOut", answer=ended),
    ]
