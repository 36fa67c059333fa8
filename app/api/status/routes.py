"""The routes of /api/status: the poll and the stream."""

from dataclasses import dataclass
from typing import ClassVar, Final

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIResponse, Schema
from litestar.openapi.spec.enums import OpenAPIType

from app.api.http.errors import UnauthorizedError
from app.api.http.openapi import AskingOperation, answers, errors, header
from app.api.http.services import Services
from app.api.status.answer import POLL_AFTER_MS
from app.api.status.bodies import StatusBody
from app.api.status.examples import COMPLETED, EXPIRED, FAILED, PENDING, PROCESSING, WAITING
from app.api.status.poll import StatusPoll, statuses_of
from app.api.status.stream import StatusStream
from app.limits.errors import TooManyRequestsError
from domain.errors import UnavailableError, UploadNotFoundError

ETAG: Final = header("ETag", "The version, and whatever else of the body can change.")
POLL_AGAIN: Final = header("Retry-After", "When to ask again, in seconds, while it runs.")
PREFERENCE_APPLIED: Final = header(
    "Preference-Applied", "`wait=N` where the answer was held, or would have been: ask again at once."
)
STATUS: Final = answers(
    StatusBody,
    "Where the upload is.",
    pending=PENDING,
    processing=PROCESSING,
    waiting=WAITING,
    completed=COMPLETED,
    failed=FAILED,
    expired=EXPIRED,
)
NOT_MODIFIED: Final = ResponseSpec(None, description="The upload did not move since the given version.")
STREAM: Final = ResponseSpec(
    str,
    generate_examples=False,
    description="The body of the status as server-sent events: one now, one at each step, and the end.",
    media_type="text/event-stream",
    examples=[
        Example(
            id="events",
            value=f"retry: {POLL_AFTER_MS}\n\n"
            + "".join(
                f"id: {body.version}\ndata: {msgspec.json.encode(body).decode()}\n\n"
                for body in (PROCESSING, COMPLETED)
            ),
        )
    ],
)


@dataclass
class PollOperation(AskingOperation):
    """An operation that answers with a status, or that it did not move."""

    answer_headers: ClassVar = {
        200: (ETAG, POLL_AGAIN, PREFERENCE_APPLIED),
        202: (ETAG, POLL_AGAIN),
        304: (ETAG, POLL_AGAIN, PREFERENCE_APPLIED),
    }


@dataclass
class StreamOperation(AskingOperation):
    """An operation that answers with events. Each has the schema; OpenAPI 3.2 calls that an `itemSchema`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        data = Schema(
            type=OpenAPIType.STRING, content_media_type="application/json", description="The body of the status."
        )
        version = Schema(type=OpenAPIType.STRING, description="The version, for Last-Event-ID.")
        answer = (self.responses or {})["200"]
        if isinstance(answer, OpenAPIResponse):
            (answer.content or {})["text/event-stream"].schema = Schema(
                type=OpenAPIType.OBJECT, properties={"id": version, "data": data}, required=["id", "data"]
            )


def status_routes(services: Services, poll: StatusPoll) -> list[HTTPRouteHandler]:
    """The handlers of /api/status. The application answers most polls with the same `poll` before any routing."""
    refused = errors(UnauthorizedError, UploadNotFoundError, TooManyRequestsError, UnavailableError)
    return [
        get(
            "/api/status/{jobId:str}",
            operation_class=PollOperation,
            responses={200: STATUS, 304: NOT_MODIFIED, **refused},
        )(poll.status),
        get(
            "/api/status/{jobId:str}/stream",
            operation_class=StreamOperation,
            responses={200: STREAM, **refused},
        )(StatusStream(statuses_of(services), services).stream),
    ]
