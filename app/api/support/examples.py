"""Examples of what staff are answered, for the OpenAPI document."""

from datetime import UTC, datetime
from typing import Final

from app.api.http.openapi import JOB_ID, MOVED_AT, SUBMITTED_AT
from app.api.status.examples import TRIED_AGAIN
from app.api.support.bodies import (
    ActionBody,
    ActionName,
    ChangeBody,
    EventBody,
    FailureBody,
    FoundBody,
    PersonBody,
    SearchBody,
    SpanBody,
    StateBody,
    TimelineBody,
)
from app.api.support.outlook import next_after
from domain.failures import MESSAGES, FailureCode
from domain.staff import Role
from domain.stages import Stage, Status
from domain.upload import Upload

SESSION: Final = "session:a886e65e94bbc507"
WORKER: Final = "host-76-2c6ba8"
REASON: Final = "The owner wrote that it is stuck, ticket 4711."

PERSON: Final = PersonBody(name="erika", role=Role.AGENT, until=datetime(2027, 2, 1, tzinfo=UTC))
FOUND: Final = SearchBody(
    uploads=[
        FoundBody(
            job_id=JOB_ID,
            status=Status.FAILED,
            stage=Stage.FAILED,
            progress=30,
            error_code=FailureCode.WORKER_LOST,
            failed_stage=Stage.GENERATING,
            attempt=3,
            running=False,
            worker=None,
            stands_still=False,
            waiting_for=None,
            retry_at=None,
            created_at=SUBMITTED_AT,
            updated_at=MOVED_AT,
            version=9,
            session=SESSION,
        )
    ],
    count=1,
    count_is_exact=True,
    next_cursor=None,
)


def _event(version: int, name: str, at: datetime, actor: str, *, reason: str | None = None) -> EventBody:
    return EventBody(
        version=version,
        name=name,
        recorded_at=at,
        actor=actor,
        attempt=None,
        stage=None,
        progress=None,
        code=None,
        reason=reason,
        request_id=None,
        retry_at=None,
    )


CANCELLED: Final = _event(2, "upload.failed", MOVED_AT, "staff:erika", reason=REASON)
TIMELINE: Final = TimelineBody(
    job_id=JOB_ID,
    correlation_id="5f0c6d2b9a3e4c1f8d7b6a5e4f3c2b1a",
    status=Status.FAILED,
    is_terminal=True,
    failure=FailureBody(
        code=FailureCode.CANCELLED, stage=None, message=MESSAGES[FailureCode.CANCELLED], can_retry=True
    ),
    events=[_event(1, "upload.submitted", SUBMITTED_AT, SESSION), CANCELLED],
    spans=[
        SpanBody(
            kind="waiting",
            attempt=1,
            stage=None,
            worker=None,
            code=None,
            begin=SUBMITTED_AT,
            end=MOVED_AT,
            seconds=20.0,
        )
    ],
    seconds=20.0,
    parts={"waiting": 20.0},
    now=MOVED_AT,
    worker=None,
    clock_stepped_back=False,
    unreadable=None,
)
STATE: Final = StateBody(
    job_id=JOB_ID,
    version=7,
    last_version=9,
    event=_event(7, "upload.retried", MOVED_AT, "staff:erika", reason=REASON),
    status=Status.PROCESSING,
    stage=Stage.GENERATING,
    reached=Stage.GENERATING,
    progress=30,
    attempt=1,
    attempts_left=3,
    lost=0,
    running=False,
    retry_at=None,
    waiting_for=None,
    failed_stage=None,
    error_code=None,
    error_message=None,
    result_id=None,
    prompt_version=1,
    original_size=2_345_678,
    created_at=SUBMITTED_AT,
    updated_at=MOVED_AT,
    erased=False,
    session=SESSION,
    changes=[ChangeBody(field="errorCode", before="WORKER_LOST", after=None)],
    told=TRIED_AGAIN,
)


def action(name: ActionName, status: Status, stage: Stage | None) -> ActionBody:
    """What an action is answered."""
    upload = Upload(
        id=JOB_ID,
        version=10,
        session_hash="",
        correlation_id="",
        original_sha256="",
        original_size=0,
        prompt_version=1,
        reached=Stage.GENERATING,
        progress=30,
        attempt=3,
    )
    return ActionBody(
        job_id=JOB_ID,
        action=name,
        changed=True,
        status=status,
        stage=stage,
        progress=30,
        attempt=3,
        version=10,
        next=next_after(name, upload, changed=True),
    )
