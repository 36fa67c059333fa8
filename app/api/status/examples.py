"""Examples of a status, one for each kind of state, for the OpenAPI document."""

from typing import Final

import msgspec
from msgspec import UNSET

from app.api.http.openapi import JOB_ID, MOVED_AT, RESULT_ID, SUBMITTED_AT
from app.api.status.answer import POLL_AFTER_MS
from app.api.status.bodies import EtaBody, StatusBody
from domain.failures import MESSAGES, FailureCode
from domain.stages import Stage, Status

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
EXPIRED: Final = msgspec.structs.replace(COMPLETED, version=13, expired=True)
CANCELLATION: Final = msgspec.structs.replace(
    FAILED, version=6, error_code=FailureCode.CANCELLED, error_message=MESSAGES[FailureCode.CANCELLED]
)
