"""The routes of /api/support, and their documentation."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIMediaType, Parameter, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from app.api.http.errors import ForbiddenError, MalformedError, NoStaffError
from app.api.http.openapi import KEY as KEY_SCHEMA
from app.api.http.openapi import STAFF_SCHEME, DocumentedOperation, Responses, answers, errors
from app.api.http.services import Services
from app.api.http.slots import Slots
from app.api.support import examples
from app.api.support.actions import CANCEL, ERASE, REQUEUE, RETRY, Actions, Order
from app.api.support.bodies import ActionBody, PersonBody, SearchBody, StateBody, TimelineBody
from app.api.support.identity import Identity
from app.api.support.looking import Looking
from app.api.support.searching import Searching
from app.limits.wrong_tokens import TooManyWrongTokensError
from domain.errors import (
    IdempotencyConflictError,
    NeedsNewPhotoError,
    NotFailedError,
    ReasonError,
    StorageRefusedError,
    UnavailableError,
    UploadEndedError,
    UploadNotFoundError,
)
from domain.failures import FailureCode
from domain.staff import REASON_LENGTH
from domain.stages import Stage, Status

Kinds = Sequence[type[Exception]]
Handler = Callable[..., Awaitable[Response[ActionBody]]]

SLOTS: Final = 6
"""How many requests of staff may ask PostgreSQL at once. Few, because submissions use the same connections."""
STAFF: Final = (NoStaffError, ForbiddenError, TooManyWrongTokensError, UnavailableError)


def _parameter(name: str, slot: str, description: str, *values: str) -> Parameter:
    schema = Schema(type=OpenAPIType.STRING, enum=list(values) or None)
    return Parameter(name=name, param_in=slot, schema=schema, description=description, required=False)


TOKEN: Final = _parameter("Authorization", "header", "Bearer and the token of a staff member.")
KEY: Final = Parameter(
    name="Idempotency-Key",
    param_in="header",
    schema=KEY_SCHEMA,
    description="Makes a repeated request find the first one.",
    required=False,
)
FILTERS: Final = (
    _parameter("jobId", "query", "The id of a job, or its beginning."),
    _parameter("status", "query", "The status.", *Status),
    _parameter("stage", "query", "The stage that clients see.", *Stage),
    _parameter("errorCode", "query", "Why it failed.", *FailureCode),
    _parameter("session", "query", "The hash of a session, or a session token, which is not kept."),
    _parameter("minAttempt", "query", "At least so many attempts began."),
    _parameter("createdAfter", "query", "Submitted at this time or later."),
    _parameter("createdBefore", "query", "Submitted before this time."),
    _parameter("standsStill", "query", "Due for over 60 s without a live run.", "true", "false"),
    _parameter("cursor", "query", "The nextCursor of the page before."),
    _parameter("limit", "query", "The length of a page, 1 to 200; 50 unless given."),
)
MOMENTS: Final = (
    _parameter("version", "query", "As it was after this event, which counts from 1."),
    _parameter("at", "query", "As it was at this time, for example 2026-11-28T09:00:00Z."),
)


@dataclass
class StaffOperation(DocumentedOperation):
    """An operation of staff; the token is read past the framework, and so are other parameters."""

    more: ClassVar[tuple[Parameter, ...]] = ()
    may_be_malformed: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.parameters = [*(self.parameters or []), TOKEN, *self.more]
        self.security = [{STAFF_SCHEME: []}]
        if not self.may_be_malformed:
            (self.responses or {}).pop("400", None)  # the framework's own
        super().__post_init__()


@dataclass
class PlainOperation(StaffOperation):
    """An operation that takes nothing but a token and an id."""

    may_be_malformed: ClassVar[bool] = False


@dataclass
class SearchOperation(StaffOperation):
    """A search, with its filters."""

    more: ClassVar[tuple[Parameter, ...]] = FILTERS


@dataclass
class StateOperation(StaffOperation):
    """A look at a moment."""

    more: ClassVar[tuple[Parameter, ...]] = MOMENTS


@dataclass
class ActionOperation(StaffOperation):
    """An action, with its reason."""

    more: ClassVar[tuple[Parameter, ...]] = (KEY,)

    def __post_init__(self) -> None:
        super().__post_init__()
        reason = Schema(
            type=OpenAPIType.STRING, min_length=1, max_length=REASON_LENGTH, description="Why, for your colleagues."
        )
        body = Schema(type=OpenAPIType.OBJECT, properties={"reason": reason}, required=["reason"])
        self.request_body = RequestBody({"application/json": OpenAPIMediaType(schema=body)}, required=True)


def support_routes(services: Services) -> list[HTTPRouteHandler]:
    """The handlers of /api/support."""
    slots = Slots(SLOTS)
    identity = Identity(services, slots)
    searching, looking = Searching(services, identity, slots), Looking(services, identity, slots)
    return [
        get(
            "/api/support/me",
            operation_id="getStaffMember",
            operation_class=PlainOperation,
            responses={200: answers(PersonBody, "Who asks.", person=examples.PERSON), **errors(*STAFF)},
        )(searching.me),
        get(
            "/api/support/uploads",
            operation_id="findUploads",
            operation_class=SearchOperation,
            responses={
                200: answers(SearchBody, "A page of uploads, newest first.", found=examples.FOUND),
                **errors(*STAFF, MalformedError),
            },
        )(searching.search),
        get(
            "/api/support/uploads/{jobId:str}",
            operation_id="getUpload",
            operation_class=StateOperation,
            responses={
                200: answers(StateBody, "The upload as it was.", state=examples.STATE),
                **errors(*STAFF, MalformedError, UploadNotFoundError),
            },
        )(looking.state),
        get(
            "/api/support/uploads/{jobId:str}/timeline",
            operation_id="getTimeline",
            operation_class=PlainOperation,
            responses={
                200: answers(TimelineBody, "What happened to the upload.", timeline=examples.TIMELINE),
                **errors(*STAFF, UploadNotFoundError),
            },
        )(looking.timeline),
        *_action_routes(Actions(services, identity, slots)),
    ]


def _action_routes(actions: Actions) -> list[HTTPRouteHandler]:
    retried = examples.action(RETRY.name, Status.PROCESSING, Stage.GENERATING)
    cancelled = examples.action(CANCEL.name, Status.FAILED, Stage.FAILED)
    requeued = examples.action(REQUEUE.name, Status.PROCESSING, Stage.GENERATING)
    erased = examples.action(ERASE.name, Status.FAILED, Stage.FAILED)
    retrying: Kinds = (NotFailedError, NeedsNewPhotoError)
    routes: Sequence[tuple[Order, Handler, str, ActionBody, Kinds]] = (
        (RETRY, actions.retry, "It goes on from the stage that failed.", retried, retrying),
        (CANCEL, actions.cancel, "It has ended, or was cancelled before.", cancelled, (UploadEndedError,)),
        (REQUEUE, actions.requeue, "Its next attempt may begin now.", requeued, (UploadEndedError,)),
        (ERASE, actions.erase, "It is erased, or was before.", erased, (StorageRefusedError,)),
    )
    return [
        post(
            f"/api/support/uploads/{{jobId:str}}/{order.name}",
            status_code=order.status,
            operation_id=f"{order.name}UploadAsStaff",
            operation_class=ActionOperation,
            responses=_responses(order.status, description, example, refusals),
        )(handler)
        for order, handler, description, example, refusals in routes
    ]


def _responses(status: int, description: str, example: ActionBody, refusals: Kinds) -> Responses:
    refused: Kinds = (MalformedError, ReasonError, UploadNotFoundError, IdempotencyConflictError, *refusals)
    return {status: answers(ActionBody, description, done=example), **errors(*STAFF, *refused)}
