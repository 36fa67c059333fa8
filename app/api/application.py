"""The API as one composition: its parts come in as keyword arguments, its routes are the whole list."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Final

from litestar import Litestar, get, post
from litestar.datastructures import ResponseHeader
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CollectorRegistry

from app.api import documentation as docs
from app.api.documentation import AskingOperation, SubmissionOperation, errors, openapi
from app.api.http.correlation import bind_correlation_id
from app.api.http.errors import (
    BodyTooLargeError,
    BodyTooSlowError,
    LinkOverError,
    MalformedError,
    UnauthorizedError,
    UnsupportedMediaTypeError,
    respond,
)
from app.api.http.head import allow_head
from app.api.http.headers import add_headers
from app.api.http.session_token import refuse_several_tokens
from app.api.http.slots import Threads
from app.api.operations.health import Check, Health
from app.api.operations.metrics import Metrics
from app.api.pages.upload_page import Page
from app.api.results.preview import Blobs
from app.api.results.result import Results
from app.api.status.fast_path import PollsFirst
from app.api.status.poll import History, PollAnalytics, Statuses, StatusPoll
from app.api.status.stream import StatusStream
from app.api.uploads.intake import Intake
from app.api.uploads.owner_commands import OwnerCommands
from app.api.uploads.submission import Submission
from app.limits.upload_rate import TooManyUploadsError, UploadRate
from app.settings.environment import Settings
from app.signing.links import SignedLinks
from app.signing.sessions import Sessions
from domain.errors import (
    BlobNotFoundError,
    IdempotencyConflictError,
    NotFailedError,
    ResultNotFoundError,
    RetryHopelessError,
    UnavailableError,
    UploadEndedError,
    UploadNotFoundError,
)
from domain.ports import BlobStore, Clock
from domain.uploads import Uploads
from projections.queries.forecast import Forecaster
from projections.queries.status import StatusReader
from projections.queries.watches import Watches

BODY_SECONDS: Final = 60.0
"""How long a photo may take to arrive."""

STATUS_HEADERS: Final = [
    ResponseHeader(
        name="ETag", documentation_only=True, description="The version, and whatever else of the body can change."
    ),
    ResponseHeader(name="Retry-After", documentation_only=True, description="In seconds, while it runs."),
]

PREFERENCE_APPLIED: Final = ResponseHeader(
    name="Preference-Applied",
    documentation_only=True,
    description="`wait=N` where the answer was held, or would have been: ask again at once.",
)

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def _now() -> datetime:
    return datetime.now(UTC)


def create_api(
    *,
    uploads: Uploads,
    history: History,
    reader: StatusReader,
    watches: Watches,
    blobs: BlobStore,
    sessions: Sessions,
    links: SignedLinks,
    settings: Settings,
    checks: Mapping[str, Check],
    analytics: PollAnalytics,
    prompt_version: int,
    metrics: Metrics | None = None,
    body_seconds: float = BODY_SECONDS,
    clock: Clock = _now,
    lifespan: Sequence[Lifespan] = (),
) -> Litestar:
    """The API, made of these parts."""
    public_url = settings.public_url or ""
    rate, threads = UploadRate(settings.uploads_per_minute), Threads()
    forecaster = Forecaster(reader)
    statuses = Statuses(reader, history, forecaster)
    poll = StatusPoll(statuses, watches, sessions, analytics)
    submission = Submission(
        Intake(uploads, blobs, prompt_version),
        sessions,
        rate,
        threads,
        max_bytes=settings.max_upload_bytes,
        body_seconds=body_seconds,
        public_url=public_url,
        trusted_proxies=settings.trusted_proxies,
    )
    commands = OwnerCommands(
        uploads, history, forecaster, sessions, rate, threads=threads, trusted_proxies=settings.trusted_proxies
    )
    return PollsFirst(
        poll=poll,
        route_handlers=[
            _submission(submission),
            *_commands(commands),
            _status(poll),
            _stream(StatusStream(statuses, watches, sessions)),
            _result(Results(reader, blobs, sessions, public_url=public_url, clock=clock)),
            _blob(Blobs(blobs, links)),
            *_health(Health(checks)),
            _metrics(metrics or Metrics(CollectorRegistry(), {})),
            *_page(Page(blobs, max_bytes=settings.max_upload_bytes, public_url=public_url)),
        ],
        exception_handlers={Exception: respond},
        guards=[refuse_several_tokens],
        before_request=bind_correlation_id,
        before_send=[add_headers, allow_head],
        lifespan=list(lifespan),
        openapi_config=openapi(),
        logging_config=None,  # structlog's configuration is the process's own
    )


def _submission(submission: Submission) -> HTTPRouteHandler:
    refusals = errors(
        MalformedError,
        UnauthorizedError,
        BodyTooSlowError,
        BodyTooLargeError,
        UnsupportedMediaTypeError,
        IdempotencyConflictError,
        TooManyUploadsError,
        UnavailableError,
    )
    return post(
        "/api/uploads",
        status_code=202,
        operation_class=SubmissionOperation,
        responses={202: docs.SUBMITTED, **refusals},
        response_headers=[ResponseHeader(name="Location", documentation_only=True, description="The status URL.")],
    )(submission.submit)


def _commands(commands: OwnerCommands) -> list[HTTPRouteHandler]:
    refused = (UnauthorizedError, UploadNotFoundError, UnavailableError)
    return [
        post(
            "/api/uploads/{jobId:str}/retry",
            status_code=202,
            operation_class=AskingOperation,
            responses={
                202: docs.RETRIED,
                **errors(*refused, NotFailedError, RetryHopelessError, TooManyUploadsError),
            },
            response_headers=STATUS_HEADERS,
        )(commands.retry),
        post(
            "/api/uploads/{jobId:str}/cancel",
            status_code=202,
            operation_class=AskingOperation,
            responses={202: docs.CANCELLED, **errors(*refused, UploadEndedError)},
            response_headers=STATUS_HEADERS,
        )(commands.cancel),
    ]


def _status(poll: StatusPoll) -> HTTPRouteHandler:
    return get(
        "/api/status/{jobId:str}",
        operation_class=AskingOperation,
        responses={
            200: docs.STATUS,
            304: docs.NOT_MODIFIED,
            **errors(UnauthorizedError, UploadNotFoundError, UnavailableError),
        },
        response_headers=[*STATUS_HEADERS, PREFERENCE_APPLIED],
    )(poll.status)


def _stream(stream: StatusStream) -> HTTPRouteHandler:
    return get(
        "/api/status/{jobId:str}/stream",
        operation_class=AskingOperation,
        responses={200: docs.STREAM, **errors(UnauthorizedError, UploadNotFoundError, UnavailableError)},
    )(stream.stream)


def _result(results: Results) -> HTTPRouteHandler:
    return get(
        "/api/results/{resultId:str}",
        operation_class=AskingOperation,
        responses={200: docs.REVEALED, **errors(UnauthorizedError, ResultNotFoundError, UnavailableError)},
    )(results.result)


def _blob(blobs: Blobs) -> HTTPRouteHandler:
    return get(
        "/api/blobs/{signed:str}",
        operation_class=AskingOperation,
        responses={200: docs.PREVIEW, **errors(LinkOverError, BlobNotFoundError, UnavailableError)},
    )(blobs.blob)


def _health(health: Health) -> list[HTTPRouteHandler]:
    return [
        get("/healthz", responses={200: docs.ALIVE, **errors()})(health.healthz),
        get("/readyz", responses={200: docs.ALL_ANSWER, 503: docs.SOME_FAIL, **errors()})(health.readyz),
    ]


def _page(page: Page) -> list[HTTPRouteHandler]:
    return [
        get("/", include_in_schema=False)(page.index),
        get("/assets/{name:str}", include_in_schema=False)(page.asset),
    ]


def _metrics(metrics: Metrics) -> HTTPRouteHandler:
    return get("/metrics", operation_class=AskingOperation, responses={200: docs.FIGURES, **errors()})(metrics.metrics)
