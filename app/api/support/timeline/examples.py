"""Examples of a timeline and of a state, for the OpenAPI document."""

from datetime import datetime
from typing import Final

from app.api.http.openapi import JOB_ID, MOVED_AT, RESULT_ID, SUBMITTED_AT
from app.api.status.examples import TRIED_AGAIN
from app.api.support.timeline.bodies import (
    ChangeBody,
    ComparisonBody,
    EventBody,
    FailureBody,
    LinksBody,
    SpanBody,
    StateBody,
    TimelineBody,
    UsualBody,
)
from app.api.support.timeline.words import WORDS
from domain.failures import MESSAGES, FailureCode
from domain.stages import Stage, Status

SESSION: Final = "session:a886e65e94bbc507"
REASON: Final = "The owner wrote that it is stuck, ticket 4711."


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
        note=None,
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
        code=FailureCode.CANCELLED,
        stage=None,
        message=MESSAGES[FailureCode.CANCELLED],
        can_retry=True,
        happened=WORDS[FailureCode.CANCELLED].happened,
        advice=WORDS[FailureCode.CANCELLED].advice,
        runbook=WORDS[FailureCode.CANCELLED].runbook,
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
            usual=UsualBody(uploads=1234, p50=0.4, p95=3.1),
            is_outlier=True,
        )
    ],
    seconds=20.0,
    parts={"waiting": 20.0},
    now=MOVED_AT,
    worker=None,
    clock_stepped_back=False,
    unreadable=None,
    links=LinksBody(log=None, trace=None),
    next="Nothing by itself: it has failed. A retry goes on from the stage that failed.",
)
COMPARISON: Final = ComparisonBody(
    job_id=RESULT_ID,
    like=TIMELINE,
    first_difference="This upload was waiting for 20.0 s. Half of all take at most 0.4 s, 95 of 100 at most 3.1 s.",
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
