"""The one table of errors: which error is which code, status and Retry-After. Every path of the API answers with it.

What granian refuses before it is a request of ours has a bare status and no body: it has no hook for that.

ApiError
├── UnauthorizedError          no token, or one that we did not sign
│   └── NoStaffError           no token of a staff member, or one that has ended
├── ForbiddenError             this staff member may not do that
├── MalformedError             the request cannot be understood
│   └── WeakKeyError           an idempotency key that can be guessed
├── KeyInFlightError           the first submission with this key is not done
├── BodyTooLargeError          the photo or its frame is too large
├── BodyTooSlowError           the photo did not arrive in time
├── UnsupportedMediaTypeError  the photo is none, or the body is packed
├── UnknownHostError           the request names a host that is not ours
├── ForeignSiteError           a page of another site asks for a change
├── LinkOverError              a signed link that is not ours, or no longer
└── ChartNotFoundError         no chart has this name
"""

from http import HTTPStatus
from typing import Any, Final

import structlog
from eventsourcing.persistence import MapperDeserialisationError
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
)
from msgspec import Struct

from app.api.http.bodies import ErrorBody, ErrorFacts
from app.api.http.replies import Reply, in_json
from app.api.http.slots import OverloadedError
from app.limits.errors import TooManyRequestsError
from app.limits.wrong_tokens import TooManyWrongTokensError
from domain.errors import (
    BlobNotFoundError,
    BulkActionNotFoundError,
    DarkroomError,
    FailureGroupNotFoundError,
    HistoryError,
    IdempotencyConflictError,
    ReasonError,
    RefusedError,
    ResultExpiredError,
    ResultNotFoundError,
    StaffLimitError,
    StaffNotFoundError,
    StorageRefusedError,
    UnavailableError,
    UploadNotFoundError,
)
from projections.log.throttled import ThrottledWarning

MIB: Final = 2**20

log = structlog.get_logger(__name__)
unavailable = ThrottledWarning("api.unavailable")


class ApiError(DarkroomError):
    """This request cannot be answered."""


class UnauthorizedError(ApiError):
    """Send the session token of this upload in the header X-Session-Token."""


NOT_OURS: Final = (
    "This session token is not one of this server's, or its time is over. "
    "Send the one that came with the upload in the header X-Session-Token."
)


class NoStaffError(UnauthorizedError):
    """Send the token of a staff member as Authorization: Bearer TOKEN. `darkroom staff add` gives one."""


class ForbiddenError(ApiError):
    """Your role does not allow this. Ask a colleague who may, or an admin for another role."""


class MalformedError(ApiError):
    """This request could not be understood."""


class WeakKeyError(MalformedError):
    """Without a session token, an Idempotency-Key opens what it made. Send a random UUID, or 128 random bits."""


class KeyInFlightError(ApiError):
    """A submission with this Idempotency-Key is under way. Please send the same again in a moment."""

    retry_after = 2


class BodyTooLargeError(ApiError):
    """This photo is too large. Please choose a smaller file."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(
            f"This photo is too large: it may have at most {_size(max_bytes)}. Please choose a smaller file."
        )


class BodyTooSlowError(ApiError):
    """The photo did not arrive in time. Please try again."""


class UnsupportedMediaTypeError(ApiError):
    """This file is not a supported photo. Please choose a JPEG, PNG, WebP, HEIC or AVIF image."""


class UnknownHostError(ApiError):
    """This server does not answer for the host that the request names. See ALLOWED_HOSTS."""


class ForeignSiteError(ApiError):
    """A page of another site may not do this. Its origin would have to be in CORS_ORIGINS."""


class LinkOverError(ApiError):
    """This link is not valid, or no longer. Ask for the result again to get a new one."""


class ChartNotFoundError(ApiError):
    """There is no such chart. GET /api/analysis lists the charts."""


class Answer(Struct, frozen=True):
    """How an error is answered; without a message of its own it says the error's. Retry-After is in seconds."""

    status: HTTPStatus
    code: str
    message: str | None = None
    retry_after: int | None = None


UNEXPECTED: Final = Answer(
    HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Something went wrong on our side. Please try again."
)
UNREADABLE: Final = Answer(
    HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", "This upload cannot be read at the moment.", retry_after=10
)
TABLE: Final[dict[type[BaseException], Answer]] = {
    MalformedError: Answer(HTTPStatus.BAD_REQUEST, "BAD_REQUEST"),
    HTTPException: Answer(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", "This request could not be understood."),
    UnknownHostError: Answer(HTTPStatus.BAD_REQUEST, "UNKNOWN_HOST"),
    UnauthorizedError: Answer(HTTPStatus.UNAUTHORIZED, "UNAUTHORIZED"),
    ForeignSiteError: Answer(HTTPStatus.FORBIDDEN, "FORBIDDEN"),
    ReasonError: Answer(HTTPStatus.BAD_REQUEST, "BAD_REQUEST"),
    ForbiddenError: Answer(HTTPStatus.FORBIDDEN, "FORBIDDEN"),
    StaffNotFoundError: Answer(HTTPStatus.NOT_FOUND, "NOT_FOUND"),
    UploadNotFoundError: Answer(HTTPStatus.NOT_FOUND, "NOT_FOUND"),
    ResultNotFoundError: Answer(HTTPStatus.NOT_FOUND, "NOT_FOUND"),
    ResultExpiredError: Answer(HTTPStatus.GONE, "EXPIRED"),
    BlobNotFoundError: Answer(HTTPStatus.NOT_FOUND, "NOT_FOUND"),
    FailureGroupNotFoundError: Answer(HTTPStatus.NOT_FOUND, "NOT_FOUND"),
    BulkActionNotFoundError: Answer(HTTPStatus.NOT_FOUND, "NOT_FOUND"),
    LinkOverError: Answer(HTTPStatus.NOT_FOUND, "NOT_FOUND"),
    ChartNotFoundError: Answer(HTTPStatus.NOT_FOUND, "NOT_FOUND"),
    NotFoundException: Answer(HTTPStatus.NOT_FOUND, "NOT_FOUND", "There is nothing at this address."),
    MethodNotAllowedException: Answer(
        HTTPStatus.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "This address does not take this method."
    ),
    BodyTooSlowError: Answer(HTTPStatus.REQUEST_TIMEOUT, "REQUEST_TIMEOUT"),
    RefusedError: Answer(HTTPStatus.CONFLICT, "CONFLICT"),
    KeyInFlightError: Answer(HTTPStatus.CONFLICT, "CONFLICT"),
    BodyTooLargeError: Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
    UnsupportedMediaTypeError: Answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"),
    IdempotencyConflictError: Answer(HTTPStatus.UNPROCESSABLE_ENTITY, "IDEMPOTENCY_CONFLICT"),
    TooManyRequestsError: Answer(HTTPStatus.TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS"),
    StaffLimitError: Answer(HTTPStatus.TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS"),
    TooManyWrongTokensError: Answer(HTTPStatus.TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS"),
    UnavailableError: Answer(HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", retry_after=2),
    # A newer version has appended while this one is still being replaced: later, it is a newer one that answers.
    MapperDeserialisationError: UNREADABLE,
    HistoryError: UNREADABLE,
    # Only an operator who corrects the settings can help, so the client need not hurry.
    StorageRefusedError: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", "Photos cannot be stored at the moment.", retry_after=60
    ),
}
"""The nearest class of an error's own decides; what is not here is UNEXPECTED."""


def _size(size: int) -> str:
    """A number of bytes, for people and exactly."""
    exactly = f"{size:,} bytes"
    return exactly if size < MIB else f"{size / MIB:.4g} MiB ({exactly})"


def answer_of(error: BaseException) -> Answer:
    """The table's row for an error. Litestar counts its own mistakes as HTTP errors too; they are UNEXPECTED."""
    if isinstance(error, HTTPException) and error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UNEXPECTED
    return row_of(type(error))


def row_of(kind: type[BaseException]) -> Answer:
    """The table's row for a class of errors."""
    return next((TABLE[ancestor] for ancestor in kind.__mro__ if ancestor in TABLE), UNEXPECTED)


def respond(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The reply to an error, in the framework's form."""
    reply = reply_to(error)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reply.headers.items()}
    return Response(reply.body, status_code=reply.status, headers=headers)


def reply_to(error: Exception) -> Reply:
    """The reply to an error, logged where it is not the client's own.

    Nor where too much comes in: a line for each would cost more than the refusal; the metrics count them.
    """
    answer = answer_of(error)
    if answer is UNEXPECTED:
        log.error("api.unexpected", exc_info=error)
    elif answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, OverloadedError):
        unavailable.warn(str(error), cause=repr(error.__cause__))
    body = ErrorBody(error=ErrorFacts(code=answer.code, message=answer.message or str(error)))
    return in_json(answer.status, body, _headers(answer, error))


def _headers(answer: Answer, error: Exception) -> dict[bytes, bytes]:
    headers = {b"cache-control": b"no-store", **getattr(error, "fields", {})}
    if allow := (getattr(error, "headers", None) or {}).get("allow"):
        headers[b"allow"] = allow.encode("latin-1")
    if retry_after := getattr(error, "retry_after", answer.retry_after):
        headers[b"retry-after"] = b"%d" % retry_after
    return headers
