"""The endpoints of the groups of failures."""

from typing import Final, get_args

from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType

from app.api.http.openapi import answers
from app.api.http.services import Services
from app.api.support.failures import examples
from app.api.support.failures.bodies import DecidedBody, GroupsBody
from app.api.support.failures.decisions import Decision, Decisions
from app.api.support.failures.groups import Groups
from app.api.support.requests.desk import Desk
from app.api.support.requests.operations import REASON, endpoint, parameter, text
from domain.errors import FailureGroupNotFoundError
from domain.staff import Role
from projections.queries.failures import GroupState

STATE: Final = parameter("state", "query", "Groups in this state alone.", *GroupState)
IGNORED: Final = {
    "until": text("Until this time, for example 2026-12-01T00:00:00Z."),
    "uploads": Schema(type=OpenAPIType.INTEGER, description="Until it has happened to so many further uploads."),
}


def failure_routes(services: Services, desk: Desk) -> list[HTTPRouteHandler]:
    """The handlers of this room."""
    groups, decisions = Groups(services, desk), Decisions(services, desk)
    decisions_of: tuple[Decision, ...] = get_args(Decision)
    return [
        endpoint(
            "GET",
            "/failures",
            groups.groups,
            name="getFailureGroups",
            answer=answers(GroupsBody, "The groups, the newest first.", groups=examples.GROUPS),
            takes=(STATE,),
        ),
        *(
            endpoint(
                "POST",
                f"/failures/{{groupId:str}}/{decision}",
                decisions.handler(decision),
                name=f"{decision}FailureGroup",
                answer=answers(DecidedBody, "The group as it is now.", decided=examples.DECIDED),
                role=Role.AGENT,
                refusals=(FailureGroupNotFoundError,),
                fields={**REASON, **(IGNORED if decision == "ignore" else {})},
                optional=tuple(IGNORED),
            )
            for decision in decisions_of
        ),
    ]
