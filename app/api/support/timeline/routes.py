"""The endpoints that show one upload."""

from typing import Final

from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec

from app.api.http.openapi import answers
from app.api.http.services import Services
from app.api.support.requests.desk import Desk
from app.api.support.requests.operations import endpoint, parameter
from app.api.support.timeline import examples
from app.api.support.timeline.bodies import ComparisonBody, StateBody, TimelineBody
from app.api.support.timeline.comparing import Comparing
from app.api.support.timeline.looking import Looking
from domain.errors import UploadNotFoundError

MOMENTS: Final = (
    parameter("version", "query", "As it was after this event, which counts from 1."),
    parameter("at", "query", "As it was at this time, for example 2026-11-28T09:00:00Z."),
)

NOT_MODIFIED: Final = ResponseSpec(None, description="It is as in the answer whose ETag is sent as If-None-Match.")


def timeline_routes(services: Services, desk: Desk) -> list[HTTPRouteHandler]:
    """The handlers of this room."""
    looking = Looking(services, desk)
    return [
        endpoint(
            "GET",
            "/uploads/{jobId:str}",
            looking.state,
            name="getUpload",
            answer=answers(StateBody, "The upload as it was.", state=examples.STATE),
            refusals=(UploadNotFoundError,),
            takes=MOMENTS,
        ),
        endpoint(
            "GET",
            "/uploads/{jobId:str}/timeline",
            looking.timeline,
            name="getTimeline",
            answer=answers(TimelineBody, "What happened to the upload.", timeline=examples.TIMELINE),
            refusals=(UploadNotFoundError,),
            more={304: NOT_MODIFIED},
        ),
        endpoint(
            "GET",
            "/uploads/{jobId:str}/timeline/usual",
            Comparing(services, desk).compare,
            name="compareTimeline",
            answer=answers(ComparisonBody, "The upload beside a usual one.", comparison=examples.COMPARISON),
            refusals=(UploadNotFoundError,),
        ),
    ]
