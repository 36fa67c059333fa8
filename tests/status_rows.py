"""Rows as a poll finds them."""

from datetime import UTC, datetime
from uuid import UUID

from domain.stages import Status
from projections.queries.status import StatusRow

AT = datetime(2026, 1, 2, tzinfo=UTC)
PENDING = StatusRow(
    upload_id=UUID(int=1),
    version=1,
    session_hash="e" * 64,
    status=Status.PENDING,
    stage=None,
    progress=0,
    attempt=0,
    result_id=None,
    error_code=None,
    error_message=None,
    created_at=AT,
    updated_at=AT,
    running=False,
    retry_at=None,
    waiting_for=None,
    stage_since=AT,
)
