"""A log with a life of each kind, and its read model."""

import pytest

from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import Pool
from projections.rows.projector import projector
from tests.submissions import WORKER, run_to, submit


@pytest.fixture
def lives(uploads: Uploads, event_log: EventLog, pool: Pool) -> Uploads:
    """Uploads that wait, run, are complete, failed and erased, all in the rows."""
    submit(uploads)
    run_to(uploads, submit(uploads).id, Stage.GENERATING)
    run_to(uploads, submit(uploads).id, Stage.STORING)
    for _ in range(3):
        run_to(uploads, submit(uploads).id, Stage.COMPLETE)
    failed = run_to(uploads, submit(uploads).id, Stage.GENERATING)
    uploads.execute(failed.id, Upload.fail, FailureCode.CONTENT_BLOCKED, stage=failed.reached, attempt=1, by=WORKER)
    erased = run_to(uploads, submit(uploads).id, Stage.COMPLETE)
    uploads.erase(erased.id, by="staff:ada")
    projector(event_log, pool).catch_up()
    return uploads
