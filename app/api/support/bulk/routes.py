"""The endpoints of bulk actions."""

from http import HTTPStatus
from typing import Final

from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType

from app.api.http.openapi import answers
from app.api.http.services import Services
from app.api.support.bulk import examples
from app.api.support.bulk.bodies import BulksBody, OneBulkBody, PlannedBody, ReportBody
from app.api.support.bulk.planning import ACTIONS, Planning
from app.api.support.bulk.showing import Bulk
from app.api.support.requests.desk import Desk
from app.api.support.requests.operations import REASON, endpoint, parameter, text
from domain.errors import BulkActionNotFoundError, BulkActionStateError, StaffLimitError
from domain.staff import Role

FIELDS: Final = {
    "action": text("What to do with each.", *ACTIONS),
    **REASON,
    "search": Schema(
        type=OpenAPIType.OBJECT,
        additional_properties=Schema(type=OpenAPIType.STRING),
        description="The filters of GET /api/support/uploads, at least one.",
    ),
}
PAGE: Final = (
    parameter("cursor", "query", "The nextCursor of the page before."),
    parameter("limit", "query", "The length of a page of the report, 1 to 200; 200 unless given."),
)


def bulk_routes(services: Services, desk: Desk) -> list[HTTPRouteHandler]:
    """The handlers of this room."""
    planning, bulk = Planning(services, desk), Bulk(services, desk)
    moves = (
        ("run", bulk.run, "It runs.", examples.RUNNING, (StaffLimitError,)),
        ("stop", bulk.stop, "It has stopped.", examples.STOPPED, ()),
    )
    return [
        endpoint(
            "POST",
            "/bulk",
            planning.plan,
            name="planBulkAction",
            answer=answers(PlannedBody, "What the search found; it holds for ten minutes.", planned=examples.PLANNED),
            role=Role.AGENT,
            status=HTTPStatus.CREATED,
            fields=FIELDS,
        ),
        endpoint(
            "GET",
            "/bulk",
            bulk.latest,
            name="getBulkActions",
            answer=answers(BulksBody, "The latest, the newest first.", latest=examples.LATEST),
        ),
        endpoint(
            "GET",
            "/bulk/{bulkId:str}",
            bulk.one,
            name="getBulkAction",
            answer=answers(ReportBody, "Its progress, and a page of its report.", report=examples.REPORT),
            refusals=(BulkActionNotFoundError,),
            takes=PAGE,
        ),
        *(
            endpoint(
                "POST",
                f"/bulk/{{bulkId:str}}/{move}",
                handler,
                name=f"{move}BulkAction",
                answer=answers(OneBulkBody, done, bulk=example),
                role=Role.AGENT,
                status=HTTPStatus.ACCEPTED,
                refusals=(BulkActionNotFoundError, BulkActionStateError, *refusals),
            )
            for move, handler, done, example, refusals in moves
        ),
    ]
