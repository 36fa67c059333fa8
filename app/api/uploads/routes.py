"""The routes of /api/uploads: submit, retry, cancel and erase."""

from dataclasses import dataclass
from typing import ClassVar, Final

from litestar import delete, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Encoding, OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from app.api.http.errors import (
    BodyTooLargeError,
    BodyTooSlowError,
    KeyInFlightError,
    MalformedError,
    UnauthorizedError,
    UnsupportedMediaTypeError,
    WeakKeyError,
)
from app.api.http.openapi import JOB_ID, AskingOperation, DocumentedOperation, answers, errors, header
from app.api.http.services import Services
from app.api.http.slots import Slots
from app.api.status.bodies import StatusBody
from app.api.status.examples import CANCELLATION, TRIED_AGAIN
from app.api.status.routes import PollOperation
from app.api.uploads.bodies import ErasureBody, SubmissionBody
from app.api.uploads.erasure import Erasure
from app.api.uploads.owner_commands import OwnerCommands
from app.api.uploads.photo import FIELD
from app.api.uploads.submission import Submission
from app.limits.errors import TooManyRequestsError
from domain.errors import (
    IdempotencyConflictError,
    NeedsNewPhotoError,
    NotFailedError,
    StorageRefusedError,
    UnavailableError,
    UploadEndedError,
    UploadNotFoundError,
)
from domain.formats import ACCEPTED, MEDIA_TYPES
from domain.stages import Status

SUBMISSION: Final = SubmissionBody(
    job_id=JOB_ID,
    session_token="kPZ0vKq3.c2lnbmF0dXJl",  # noqa: S106 - no token, an example of one
    status=Status.PENDING,
    status_url=f"/api/status/{JOB_ID}",
)
SUBMITTED: Final = answers(SubmissionBody, "The photo was taken in.", submitted=SUBMISSION)
RETRIED: Final = answers(StatusBody, "It goes on from the stage that failed.", retried=TRIED_AGAIN)
CANCELLED: Final = answers(StatusBody, "It has ended, or was cancelled before.", cancelled=CANCELLATION)
ERASED: Final = answers(ErasureBody, "It is erased, or was before.", erased=ErasureBody(job_id=JOB_ID))


@dataclass
class SubmissionOperation(DocumentedOperation):
    """An operation that takes a photo; its handler reads the body itself, unseen by the framework."""

    answer_headers: ClassVar = {202: (header("Location", "The status URL."),)}
    may_begin_session = True

    def __post_init__(self) -> None:
        super().__post_init__()
        photo = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY, description=f"A {ACCEPTED} photo.")
        form = Schema(type=OpenAPIType.OBJECT, properties={FIELD: photo}, required=[FIELD])
        kinds = {FIELD: Encoding(content_type=", ".join(MEDIA_TYPES.values()))}
        media = OpenAPIMediaType(schema=form, encoding=kinds)
        self.request_body = RequestBody({"multipart/form-data": media}, required=True)


def upload_routes(services: Services) -> list[HTTPRouteHandler]:
    """The handlers of /api/uploads."""
    slots = Slots()
    commands = OwnerCommands(services, slots)
    refused = (UnauthorizedError, UploadNotFoundError, TooManyRequestsError, UnavailableError)
    return [
        post(
            "/api/uploads",
            status_code=202,
            operation_class=SubmissionOperation,
            responses={
                202: SUBMITTED,
                **errors(
                    MalformedError,
                    UnauthorizedError,
                    BodyTooSlowError,
                    BodyTooLargeError,
                    UnsupportedMediaTypeError,
                    IdempotencyConflictError,
                    KeyInFlightError,
                    WeakKeyError,
                    TooManyRequestsError,
                    UnavailableError,
                ),
            },
        )(Submission(services, slots).submit),
        post(
            "/api/uploads/{jobId:str}/retry",
            status_code=202,
            operation_class=PollOperation,
            responses={202: RETRIED, **errors(*refused, NotFailedError, NeedsNewPhotoError, TooManyRequestsError)},
        )(commands.retry),
        post(
            "/api/uploads/{jobId:str}/cancel",
            status_code=202,
            operation_class=PollOperation,
            responses={202: CANCELLED, **errors(*refused, UploadEndedError)},
        )(commands.cancel),
        delete(
            "/api/uploads/{jobId:str}",
            status_code=200,
            operation_class=AskingOperation,
            responses={200: ERASED, **errors(*refused, StorageRefusedError)},
        )(Erasure(services, slots).erase),
    ]
