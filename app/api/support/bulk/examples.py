"""Examples of bulk actions, for the OpenAPI document."""

from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from app.api.http.openapi import JOB_ID, MOVED_AT, SUBMITTED_AT
from app.api.support.bulk.bodies import (
    BulkBody,
    BulksBody,
    BulkUploadBody,
    OneBulkBody,
    PlannedBody,
    ProgressBody,
    ReportBody,
)
from app.api.support.bulk.showing import NEXT
from workers.upkeep.bulk import HOLD, BulkState

PLAN: Final = BulkBody(
    bulk_id=JOB_ID,
    action="retry",
    search={"status": "failed", "errorCode": "GENERATION_UNAVAILABLE"},
    reason="The image model was away at nine, ticket 4711.",
    state=BulkState.PLANNED,
    count=1,
    fit=1,
    planned_by="staff:erika",
    planned_at=SUBMITTED_AT,
    expires_at=SUBMITTED_AT + HOLD,
    started_by=None,
    started_at=None,
    ended_by=None,
    ended_at=None,
    progress=ProgressBody(done=0, unchanged=0, refused=0, failed=0, left=1),
    next=NEXT[BulkState.PLANNED],
)
RUN: Final = replace(
    PLAN, state=BulkState.RUNNING, started_by="staff:erika", started_at=MOVED_AT, next=NEXT[BulkState.RUNNING]
)
ENDED: Final = replace(
    RUN,
    state=BulkState.DONE,
    ended_at=MOVED_AT + timedelta(seconds=1),
    progress=ProgressBody(done=1, unchanged=0, refused=0, failed=0, left=0),
    next=NEXT[BulkState.DONE],
)
PLANNED: Final = PlannedBody(bulk=PLAN, job_ids=[JOB_ID])
RUNNING: Final = OneBulkBody(bulk=RUN)
STOPPED: Final = OneBulkBody(
    bulk=replace(RUN, state=BulkState.STOPPED, ended_by="staff:erika", ended_at=MOVED_AT, next=NEXT[BulkState.STOPPED])
)
LATEST: Final = BulksBody(bulks=[ENDED])
REPORT: Final = ReportBody(
    bulk=ENDED,
    uploads=[BulkUploadBody(job_id=JOB_ID, outcome="done", told=None, at=MOVED_AT)],
    next_cursor=None,
)
