"""The event log on a real PostgreSQL: what was appended is read back, once, and never changed."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import RecordConflictError, StoredEvent

from domain.errors import IdempotencyConflictError, LogUnavailableError, LogUnreachedError, UploadNotFoundError
from domain.stages import Stage
from domain.upload import Upload
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from tests.fakes.silent_notifier import SilentNotifier
from tests.integration.log.appends import Pool, RacingLog, stored_submission
from tests.submissions import WORKER, run_to, submit


def test_what_was_appended_is_read_back(uploads: Uploads) -> None:
    upload = run_to(uploads, submit(uploads).id, Stage.COMPLETE)

    assert uploads.get(upload.id) == upload


def test_an_upload_can_be_seen_as_it_was_at_a_version(uploads: Uploads) -> None:
    upload = run_to(uploads, submit(uploads).id, Stage.GENERATING)

    assert uploads.get(upload.id, version=3).stage is Stage.VALIDATING


def test_an_upload_that_was_never_submitted_is_not_found(uploads: Uploads) -> None:
    with pytest.raises(UploadNotFoundError):
        uploads.get(uuid4())


def test_two_writers_cannot_both_append_a_version(event_log: EventLog) -> None:
    stored = stored_submission()
    event_log.insert_events([stored])

    with pytest.raises(RecordConflictError):
        event_log.insert_events([stored])


def test_the_same_submission_again_finds_the_first_one(uploads: Uploads) -> None:
    upload = submit(uploads)

    assert submit(uploads, upload.id) == upload


def test_another_sessions_submission_under_the_same_id_is_refused(uploads: Uploads) -> None:
    upload = submit(uploads)

    with pytest.raises(IdempotencyConflictError):
        submit(uploads, upload.id, session_hash="d" * 64)


def test_a_command_that_meets_a_conflict_is_run_again(event_log: EventLog, pool: Pool, uploads: Uploads) -> None:
    upload = uploads.start_attempt(uploads.get(submit(uploads).id), by=WORKER)
    racing = RacingLog(
        pool, lambda: uploads.execute(upload.id, Upload.advance, Stage.VALIDATING, 10, attempt=1, by=WORKER)
    )

    after = Uploads(racing, SilentNotifier()).execute(upload.id, Upload.cancel, by="session:abc")

    assert [logged.name for logged in event_log.history(upload.id)][-2:] == ["upload.stage-advanced", "upload.failed"]
    assert after.progress == 10


def test_an_append_whose_answer_got_lost_counts_once(event_log: EventLog, pool: Pool) -> None:
    upload = submit(Uploads(LossyLog(pool), SilentNotifier()))

    assert [logged.version for logged in event_log.history(upload.id)] == [1]


def test_an_append_that_was_never_sent_is_not_looked_for(pool: Pool) -> None:
    with pytest.raises(LogUnreachedError):
        submit(Uploads(UnreachableLog(pool), SilentNotifier()))


def test_the_log_refuses_to_be_changed(pool: Pool, uploads: Uploads) -> None:
    submit(uploads)

    for statement in ("DELETE FROM event_log", "UPDATE event_log SET version = 2", "TRUNCATE event_log"):
        with pool.connection() as connection, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(statement)


def test_events_that_are_appended_together_get_positions_in_the_order_of_their_versions(event_log: EventLog) -> None:
    first = stored_submission()
    second = StoredEvent(first.originator_id, 2, first.topic, first.state)

    event_log.insert_events([second, first])

    assert [row.version for row in event_log.read(0, 10)] == [1, 2]


class LossyLog(EventLog):
    """A log whose connection is lost after the COMMIT, so that the writer gets no answer."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        super().insert_events(stored_events)
        raise LogUnavailableError


class UnreachableLog(EventLog):
    """A log to which nothing can be sent. A read fails the test."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        raise LogUnreachedError

    def select_events(self, originator_id: UUID | str, **_: object) -> Sequence[StoredEvent]:
        raise AssertionError("nothing was sent, so there is nothing to look for")
