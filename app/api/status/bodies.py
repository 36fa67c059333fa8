"""The body of a status, in camelCase."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from app.api.http.bodies import Body
from domain.failures import FailureCode
from domain.stages import Stage, Status


class EtaBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """How long is left, in seconds: half of our recent uploads took no longer than p50, and nine of ten than p90."""

    p50_seconds: int
    p90_seconds: int


class StatusBody(Body, frozen=True, kw_only=True):
    """Where an upload is.

    `queuePosition`, the number of uploads that wait before this one, is there while it is pending; `eta` while it is
    pending or processing, as far as our own recent uploads tell; `waitingFor`, a failure code, while that keeps the
    next attempt from beginning; the error's members and `canRetry` on failure alone; `expired` once the time is over
    for which the pictures, or a failed upload's photo, are kept: they are deleted.
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
    expired: Literal[True] | UnsetType = UNSET
