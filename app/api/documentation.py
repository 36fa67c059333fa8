"""The OpenAPI document: an example of every answer, served without a script or a picture from anywhere else."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, Router
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Example, OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from msgspec import UNSET

from app.api.http.bodies import (
    ErrorBody,
    ErrorFacts,
    EtaBody,
    HealthBody,
    NotReadyBody,
    PreviewBody,
    ReadinessBody,
    ResultBody,
    StatusBody,
    SubmissionBody,
)
from app.api.http.errors import UNEXPECTED, Answer, row_of
from app.api.status.answer import POLL_AFTER_MS
from app.api.uploads.photo import FIELD
from domain.failures import MESSAGES, FailureCode
from domain.stages import Stage, Status

Responses = dict[int, ResponseSpec]

JOB_ID: Final = UUID("0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11")
RESULT_ID: Final = UUID("7a1d6c52-58a0-4c63-8f3e-2f1f3d0b9e22")
SUBMITTED_AT: Final = datetime(2024, 12, 21, 10, 29, 40, tzinfo=UTC)
MOVED_AT: Final = datetime(2024, 12, 21, 10, 30, tzinfo=UTC)
LINK_ENDS_AT: Final = datetime(2024, 12, 21, 10, 35, tzinfo=UTC)

SUBMISSION: Final = SubmissionBody(
    job_id=JOB_ID,
    session_token="kPZ0vKq3.c2lnbmF0dXJl",  # noqa: S106 - no token, an example of one
    status=Status.PENDING,
    status_url=f"/api/status/{JOB_ID}",
)
PENDING: Final = StatusBody(
    job_id=JOB_ID,
    status=Status.PENDING,
    stage=None,
    progress=0,
    result_id=None,
    version=1,
    attempt=0,
    created_at=SUBMITTED_AT,
    updated_at=SUBMITTED_AT,
    is_terminal=False,
    poll_after_ms=POLL_AFTER_MS,
    queue_position=3,
    eta=EtaBody(p50_seconds=40, p90_seconds=90),
)
PROCESSING: Final = msgspec.structs.replace(
    PENDING,
    status=Status.PROCESSING,
    stage=Stage.GENERATING,
    progress=45,
    version=5,
    attempt=1,
    updated_at=MOVED_AT,
    queue_position=UNSET,
    eta=EtaBody(p50_seconds=8, p90_seconds=25),
)
WAITING: Final = msgspec.structs.replace(
    PROCESSING, version=6, eta=UNSET, waiting_for=FailureCode.GENERATION_PAUSED, progress=30
)
ENDED: Final = msgspec.structs.replace(PROCESSING, is_terminal=True, poll_after_ms=None, eta=UNSET)
COMPLETED: Final = msgspec.structs.replace(
    ENDED, status=Status.COMPLETED, stage=Stage.COMPLETE, progress=100, version=12, result_id=RESULT_ID
)
FAILED: Final = msgspec.structs.replace(
    ENDED,
    status=Status.FAILED,
    stage=Stage.FAILED,
    progress=30,
    error_code=FailureCode.INTERNAL_ERROR,
    error_message=MESSAGES[FailureCode.INTERNAL_ERROR],
    can_retry=True,
)
TRIED_AGAIN: Final = msgspec.structs.replace(PROCESSING, stage=Stage.GENERATING, progress=30, version=7, eta=UNSET)
CANCELLATION: Final = msgspec.structs.replace(
    FAILED, version=6, error_code=FailureCode.CANCELLED, error_message=MESSAGES[FailureCode.CANCELLED]
)
RESULT: Final = ResultBody(
    result_id=RESULT_ID,
    job_id=JOB_ID,
    model="local/darkroom-print-1",
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
READY: Final = ReadinessBody(checks={"postgres": "ok", "redis": "ok", "storage": "ok"})
NOT_READY: Final = NotReadyBody(
    error=ErrorFacts(code="NOT_READY", message="Not ready: redis."),
    checks={"postgres": "ok", "redis": "The queue does not answer at the moment.", "storage": "ok"},
)


def answers(body: type[msgspec.Struct], description: str, **examples: msgspec.Struct) -> ResponseSpec:
    """The documentation of an answer that is not in the table of errors."""
    return ResponseSpec(
        body,
        generate_examples=False,
        description=description,
        # As structs: the framework would leave the nulls out of plain values.
        examples=[Example(id=name, value=example) for name, example in examples.items()],
    )


def errors(*kinds: type[Exception]) -> Responses:
    """The documentation of the errors that an endpoint may answer with, and of those that any may."""
    by_status: dict[int, list[Example]] = defaultdict(list)
    for kind in kinds:
        _add(by_status, row_of(kind), (kind.__doc__ or "").strip(), kind.__name__)
    _add(by_status, UNEXPECTED, "", "Unexpected")
    return {
        status: ResponseSpec(
            ErrorBody, generate_examples=False, description=HTTPStatus(status).phrase, examples=examples
        )
        for status, examples in by_status.items()
    }


def _add(by_status: dict[int, list[Example]], answer: Answer, message: str, name: str) -> None:
    body = ErrorBody(error=ErrorFacts(code=answer.code, message=answer.message or message))
    by_status[answer.status].append(Example(id=name, value=body))


SUBMITTED: Final = answers(SubmissionBody, "The photo was taken in.", submitted=SUBMISSION)
STATUS: Final = answers(
    StatusBody,
    "Where the upload is.",
    pending=PENDING,
    processing=PROCESSING,
    waiting=WAITING,
    completed=COMPLETED,
    failed=FAILED,
)
RETRIED: Final = answers(StatusBody, "It goes on from the stage that failed.", retried=TRIED_AGAIN)
CANCELLED: Final = answers(StatusBody, "It has ended, or was cancelled before.", cancelled=CANCELLATION)
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
REVEALED: Final = answers(ResultBody, "The result, with a link to its preview for five minutes.", result=RESULT)
ALIVE: Final = answers(HealthBody, "The process lives.", alive=HealthBody())
ALL_ANSWER: Final = answers(ReadinessBody, "Every dependency answers.", ready=READY)
SOME_FAIL: Final = answers(NotReadyBody, "A dependency does not answer.", notReady=NOT_READY)
FIGURES: Final = ResponseSpec(
    bytes, generate_examples=False, description="Every figure, in Prometheus's text format.", media_type="text/plain"
)
PREVIEW: Final = ResponseSpec(bytes, generate_examples=False, description="The preview.", media_type="image/jpeg")


@dataclass
class AskingOperation(Operation):
    """An operation whose parameters cannot be invalid: the framework's own 400 is not among its answers."""

    def __post_init__(self) -> None:
        (self.responses or {}).pop("400", None)


@dataclass
class SubmissionOperation(Operation):
    """An operation that takes a photo; its handler reads the body itself, unseen by the framework."""

    def __post_init__(self) -> None:
        photo = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY, description="A JPEG, PNG or WebP photo.")
        form = Schema(type=OpenAPIType.OBJECT, properties={FIELD: photo}, required=[FIELD])
        self.request_body = RequestBody({"multipart/form-data": OpenAPIMediaType(schema=form)}, required=True)


def _refuse_page(response: Response[Any]) -> Response[Any]:
    """Unknown paths below /schema are answered as all unknown paths are, not by the framework's page."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise NotFoundException
    return response


def openapi() -> OpenAPIConfig:
    """The document at /schema, as JSON, and below it as JSON and YAML."""
    return OpenAPIConfig(
        title="Darkroom",
        version=version("darkroom"),
        description="A photo goes in; a generated, stored and watermarked picture comes out.",
        use_handler_docstrings=True,
        render_plugins=[
            JsonRenderPlugin(path=["/", "/openapi.json"]),
            YamlRenderPlugin(path=["/openapi.yaml"]),
        ],
        openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, after_request=_refuse_page),
    )
