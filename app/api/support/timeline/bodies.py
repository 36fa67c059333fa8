"""The bodies of a timeline and of a state, in camelCase."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct, field

from app.api.http.bodies import Body
from app.api.status.bodies import StatusBody
from domain.failures import FailureCode
from domain.stages import Stage, Status


class EventBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """An event. What it does not say is null; `recordedAt` is by the clock of PostgreSQL, which may step back."""

    version: int
    name: str
    recorded_at: datetime
    actor: str | None
    attempt: int | None
    stage: str | None
    progress: int | None
    code: str | None
    reason: str | None
    note: str | None
    request_id: str | None
    retry_at: str | None


class UsualBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """How long this usually takes, in seconds, for so many uploads of the same prompt version and model in 30 days."""

    uploads: int
    p50: float
    p95: float


class SpanBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of the time of an upload. Each begins where the one before ends; their seconds add up to the whole.

    An outlier takes a tenth of a second longer than 95 of 100 did; `usual` is null if too few are known.
    """

    kind: Literal["waiting", "held", "stage", "lost", "backoff", "put-off", "ended"]
    attempt: int
    stage: Stage | None
    worker: str | None
    code: FailureCode | None
    begin: datetime = field(name="from")
    end: datetime = field(name="to")
    seconds: float
    usual: UsualBody | None = None
    is_outlier: bool = False


class FailureBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """Why it failed: what happened, what its owner was told, whether another try can help, and what to do.

    `runbook` is a heading of the runbook, app/metrics/README.md; null where it has none for this.
    """

    code: FailureCode
    stage: Stage | None
    message: str
    can_retry: bool
    happened: str
    advice: str
    runbook: str | None


class LinksBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the log lines and the trace of the upload are; null unless the settings say it."""

    log: str | None
    trace: str | None


class TimelineBody(Body, frozen=True, kw_only=True):
    """What happened to an upload. `seconds` is its whole time, `parts` the sum of each kind of span.

    Status, failure and next are null if an event cannot be read by this version; `unreadable` then says which. `next`
    is what will happen if no person does anything.
    """

    job_id: UUID
    correlation_id: str | None
    status: Status | None
    is_terminal: bool
    failure: FailureBody | None
    events: list[EventBody]
    spans: list[SpanBody]
    seconds: float
    parts: dict[str, float]
    now: datetime
    worker: str | None
    clock_stepped_back: bool
    unreadable: str | None
    links: LinksBody
    next: str | None


class ComparisonBody(Body, frozen=True, kw_only=True):
    """An upload beside a usual one of the same kind. `firstDifference` is null if there is none."""

    job_id: UUID
    like: TimelineBody
    first_difference: str | None


class ChangeBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """What an event changed."""

    field: str
    before: str | int | bool | None
    after: str | int | bool | None


class StateBody(Body, frozen=True, kw_only=True):
    """An upload as it was after an event. `told` is what its poller could read then; null once it was erased."""

    job_id: UUID
    version: int
    last_version: int
    event: EventBody
    status: Status
    stage: Stage | None
    reached: Stage | None
    progress: int
    attempt: int
    attempts_left: int
    lost: int
    running: bool
    retry_at: datetime | None
    waiting_for: FailureCode | None
    failed_stage: Stage | None
    error_code: FailureCode | None
    error_message: str | None
    result_id: UUID | None
    prompt_version: int
    original_size: int
    created_at: datetime
    updated_at: datetime
    erased: bool
    session: str | None
    changes: list[ChangeBody]
    told: StatusBody | None
