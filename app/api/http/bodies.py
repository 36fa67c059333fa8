"""The bodies of the HTTP contract, in camelCase. They know nothing of where their facts come from."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from domain.failures import FailureCode
from domain.stages import Stage, Status


class Body(Struct, frozen=True, kw_only=True, rename="camel"):
    """What every answer that succeeded says."""

    success: Literal[True] = True


class SubmissionBody(Body, frozen=True, kw_only=True):
    """A photo was taken in."""

    job_id: UUID
    session_token: str
    status: Status
    status_url: str


class EtaBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """How long is left, in seconds: half of our recent uploads took no longer than p50, and nine of ten than p90."""

    p50_seconds: int
    p90_seconds: int


class StatusBody(Body, frozen=True, kw_only=True):
    """Where an upload is.

    `queuePosition`, the number of uploads that wait before this one, is there while it is pending; `eta` while it is
    pending or processing, as far as our own recent uploads tell; `waitingFor`, a failure code, while that keeps the
    next attempt from beginning; the error's members and `canRetry` on failure alone.
    """

    job_id: UUID
    status: Status
    stage: Stage | None
    progress: int
    result_id: UUID | None
    version: int
    attempt: int
    created_at: datetime
    updated_at: datetime
    is_terminal: bool
    poll_after_ms: int | None
    queue_position: int | UnsetType = UNSET
    eta: EtaBody | UnsetType = UNSET
    waiting_for: FailureCode | UnsetType = UNSET
    error_code: FailureCode | UnsetType = UNSET
    error_message: str | UnsetType = UNSET
    can_retry: bool | UnsetType = UNSET


class PreviewBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the watermarked preview can be read, and until when. Its size is in pixels."""

    url: str
    expires_at: datetime
    width: int
    height: int
    media_type: str


class ResultBody(Body, frozen=True, kw_only=True):
    """A finished picture; width and height, in pixels, are those of the full image."""

    result_id: UUID
    job_id: UUID
    model: str
    width: int
    height: int
    preview: PreviewBody
    created_at: datetime


class HealthBody(Body, frozen=True, kw_only=True):
    """The process lives."""

    status: Literal["ok"] = "ok"


class ReadinessBody(Body, frozen=True, kw_only=True):
    """Every dependency answers: `ok` for each, by its name."""

    checks: dict[str, str]


class ErrorFacts(Struct, frozen=True, kw_only=True):
    """A code for programs and a sentence for people."""

    code: str
    message: str


class ErrorBody(Struct, frozen=True, kw_only=True):
    """What every answer that did not succeed says."""

    error: ErrorFacts
    success: Literal[False] = False


class NotReadyBody(ErrorBody, frozen=True, kw_only=True):
    """A dependency does not answer: `ok` or what is wrong, by its name."""

    checks: dict[str, str]
