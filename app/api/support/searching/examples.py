"""Examples of what a search is answered, for the OpenAPI document."""

from typing import Final

from app.api.http.openapi import JOB_ID, MOVED_AT, SUBMITTED_AT
from app.api.support.searching.bodies import FoundBody, SavedSearchBody, SavedSearchesBody, SearchBody
from domain.failures import FailureCode
from domain.stages import Stage, Status

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
            session="session:a886e65e94bbc507",
        )
    ],
    count=1,
    count_is_exact=True,
    behind=0,
    next_cursor=None,
)
SAVED: Final = SavedSearchesBody(
    searches=[SavedSearchBody(name="stands-still", title="Stands still", query="standsStill=true")]
)
