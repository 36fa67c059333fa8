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


class StatusBody(Body, frozen=True, kw_only=True):
    """Where an upload is. The error's members are there on failure alone."""

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
    error_code: FailureCode | UnsetType = UNSET
    error_message: str | UnsetType = UNSET


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
