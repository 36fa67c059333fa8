"""The routes of a finished picture: /api/results and /api/blobs."""

from datetime import UTC, datetime
from typing import Final

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec

from app.api.http.errors import LinkOverError, UnauthorizedError
from app.api.http.openapi import JOB_ID, MOVED_AT, RESULT_ID, AskingOperation, answers, errors
from app.api.http.services import Services
from app.api.results.bodies import PreviewBody, ResultBody
from app.api.results.preview import Previews
from app.api.results.result import Results
from app.limits.errors import TooManyRequestsError
from domain.errors import BlobNotFoundError, ResultExpiredError, ResultNotFoundError, UnavailableError

LINK_ENDS_AT: Final = datetime(2024, 12, 21, 10, 35, tzinfo=UTC)
RESULT: Final = ResultBody(
    result_id=RESULT_ID,
    job_id=JOB_ID,
    model="local/darkroom-print-2",
    width=1536,
    height=1024,
    preview=PreviewBody(
        url="/api/blobs/eyJrZXkiOiIuLi4ifQ.c2lnbmF0dXJl",
        expires_at=LINK_ENDS_AT,
        width=1024,
        height=683,
        media_type="image/jpeg",
    ),
    created_at=MOVED_AT,
)
REVEALED: Final = answers(ResultBody, "The result, with a link to its preview for five minutes.", result=RESULT)
BUSY: Final = (TooManyRequestsError, UnavailableError)
PREVIEW: Final = ResponseSpec(bytes, generate_examples=False, description="The preview.", media_type="image/jpeg")


def result_routes(services: Services) -> list[HTTPRouteHandler]:
    """The handlers of /api/results and of the signed links of a folder store."""
    return [
        get(
            "/api/results/{resultId:str}",
            operation_class=AskingOperation,
            responses={
                200: REVEALED,
                **errors(UnauthorizedError, ResultNotFoundError, ResultExpiredError, *BUSY),
            },
        )(Results(services).result),
        get(
            "/api/blobs/{signed:str}",
            operation_class=AskingOperation,
            responses={
                200: PREVIEW,
                **errors(LinkOverError, BlobNotFoundError, *BUSY),
            },
        )(Previews(services).blob),
    ]
