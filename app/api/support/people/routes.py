"""The endpoints about staff."""

from litestar.handlers import HTTPRouteHandler

from app.api.http.openapi import answers
from app.api.support.people import examples
from app.api.support.people.bodies import PersonBody
from app.api.support.people.me import Me
from app.api.support.requests.desk import Desk
from app.api.support.requests.operations import endpoint


def people_routes(desk: Desk) -> list[HTTPRouteHandler]:
    """The handlers of this room."""
    person = answers(PersonBody, "Who asks.", person=examples.PERSON)
    return [endpoint("GET", "/me", Me(desk).me, name="getStaffMember", answer=person)]
