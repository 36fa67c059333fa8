"""The commands of uploads on a real log: what they append, and what they refuse."""

import threading
from collections.abc import Callable, Collection, Sequence

import pytest
from eventsourcing.persistence import StoredEvent

from domain.errors import (
    AttemptOverError,
    AttemptsExhaustedError,
    LogUnavailableError,
    NotFailedError,
    RefusedError,
    UploadEndedError,
)
from domain.failures import FailureCode
from domain.stages import Stage, Status
from domain.state import ATTEMPTS
from domain.upload import Upload
from domain.uploads import CONFLICTS, Command, Uploads
from projections.log.event_log import EventLog
from tests.fakes.silent_notifier import SilentNotifier
from tests.integration.log.appends import Pool, RacingLog
from tests.submissions import WORKER, run_to, submit
from tests.unit.histories import LATER


class CountingNotifier:
    """A notifier that counts its notifications."""

    def __init__(self) -> None:
        self.count = 0

    def notify(self, _: Collection[str]) -> None:
        self.count += 1


def test_runs_that_begin_at_once_each_have_an_attempt_of_their_own_or_are_refused(uploads: Uploads) -> None:
    upload = submit(uploads)
    outcomes: list[object] = []
    barrier = threading.Barrier(6)

    def begin() -> None:
        barrier.wait(60)
        try:
            outcomes.append(uploads.start_attempt(uploads.get(upload.id), by=WORKER).attempt)
        except AttemptOverError:
            outcomes.append("over")
        except AttemptsExhaustedError:
            outcomes.append("exhausted")  # slow threads begin one after the other, and each loses the one before

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    begun = sorted(outcome for outcome in outcomes if isinstance(outcome, int))
    assert begun == list(range(1, len(begun) + 1)), "each that began has a number of its own"
    assert 1 <= len(begun) <= ATTEMPTS
    assert uploads.get(upload.id).attempt == len(begun)
    assert len(outcomes) == 6
    assert "exhausted" not in outcomes or len(begun) == ATTEMPTS


def test_a_run_that_starts_an_attempt_too_late_is_refused(pool: Pool, uploads: Uploads) -> None:
    upload = submit(uploads)
    racing = Uploads(
        RacingLog(pool, lambda: uploads.start_attempt(uploads.get(upload.id), by="worker:first")), SilentNotifier()
    )

    with pytest.raises(AttemptOverError, match="at the same time"):
        racing.start_attempt(racing.get(upload.id), by="worker:second")


def test_a_retry_continues_where_the_upload_failed(uploads: Uploads) -> None:
    upload = run_to(uploads, submit(uploads).id, Stage.GENERATING)
    uploads.execute(
        upload.id, Upload.fail, FailureCode.NO_IMAGE_GENERATED, stage=Stage.GENERATING, attempt=1, by=WORKER
    )
    retried = uploads.execute(upload.id, Upload.retry, by="session:abc")

    assert (retried.status, retried.stage, retried.progress) == (Status.PROCESSING, Stage.GENERATING, 30)
    with pytest.raises(NotFailedError):
        uploads.execute(upload.id, Upload.retry, by="session:abc")


def test_a_cancelled_upload_refuses_the_events_of_its_worker(uploads: Uploads) -> None:
    upload = run_to(uploads, submit(uploads).id, Stage.GENERATING)
    uploads.execute(upload.id, Upload.cancel, by="session:abc")

    with pytest.raises(UploadEndedError):
        uploads.execute(upload.id, Upload.advance, Stage.GENERATING, 40, attempt=1, by=WORKER)


def test_an_upload_is_given_up_only_after_its_last_attempt(uploads: Uploads) -> None:
    upload = submit(uploads)
    for left in (2, 1):
        uploads.start_attempt(uploads.get(upload.id), by=WORKER)
        with pytest.raises(RefusedError, match=f"{left} attempts are left"):
            uploads.execute(upload.id, Upload.give_up, by="reconciler")
    uploads.start_attempt(uploads.get(upload.id), by=WORKER)
    with pytest.raises(AttemptsExhaustedError):
        uploads.start_attempt(uploads.get(upload.id), by=WORKER)

    assert uploads.execute(upload.id, Upload.give_up, by="reconciler").error_code is FailureCode.WORKER_LOST


def test_an_append_notifies_the_readers_and_an_advance_that_changes_nothing_does_not(event_log: EventLog) -> None:
    notifier = CountingNotifier()
    uploads = Uploads(event_log, notifier)
    upload = run_to(uploads, submit(uploads).id, Stage.VALIDATING)
    count = notifier.count
    uploads.execute(upload.id, Upload.advance, Stage.VALIDATING, 10, attempt=1, by=WORKER)

    assert notifier.count == count == 3


def test_a_command_that_meets_a_conflict_every_time_is_unavailable(pool: Pool, uploads: Uploads) -> None:
    upload = submit(uploads)

    def start_and_stop() -> None:
        attempt = uploads.start_attempt(uploads.get(upload.id), by=WORKER).attempt
        uploads.execute(
            upload.id, Upload.fail_attempt, FailureCode.WORKER_STOPPED, LATER, stage=None, attempt=attempt, by=WORKER
        )

    contested = Uploads(ContestedLog(pool, start_and_stop), SilentNotifier())

    with pytest.raises(LogUnavailableError, match=f"changed {CONFLICTS} times"):
        contested.execute(upload.id, Upload.cancel, by="session:abc")


class ContestedLog(EventLog):
    """A log in which another writer always appends first."""

    def __init__(self, pool: Pool, first: Callable[[], None]) -> None:
        super().__init__(pool)
        self._first = first

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        self._first()
        return super().insert_events(stored_events)


def test_an_upload_that_waits_can_be_put_off_and_one_that_runs_cannot(uploads: Uploads) -> None:
    upload = submit(uploads)
    waiting = uploads.execute(upload.id, Upload.put_off, FailureCode.GENERATION_PAUSED, LATER, by=WORKER)

    assert (waiting.retry_at, waiting.waiting_for) == (LATER, FailureCode.GENERATION_PAUSED)
    uploads.start_attempt(uploads.get(upload.id), by=WORKER)
    with pytest.raises(RefusedError, match="Only a waiting upload"):
        uploads.execute(upload.id, Upload.put_off, FailureCode.GENERATION_PAUSED, LATER, by=WORKER)


def test_commands_on_an_upload_that_is_known_are_appended_together_and_load_nothing(
    pool: Pool, uploads: Uploads
) -> None:
    known = run_to(uploads, submit(uploads).id, Stage.VALIDATING)
    steps = [advance(Stage.GENERATING, progress) for progress in (30, 40)]
    reached = Uploads(AppendOnlyLog(pool), SilentNotifier()).go_on(known, steps)

    assert (reached.version, reached.progress) == (known.version + 2, 40)
    assert uploads.get(known.id) == reached


def test_commands_on_an_upload_that_another_writer_changed_run_again_on_what_it_is_now(
    pool: Pool, uploads: Uploads
) -> None:
    known = run_to(uploads, submit(uploads).id, Stage.GENERATING)
    racing = RacingLog(pool, lambda: uploads.execute(known.id, Upload.cancel, by="session:abc"))

    with pytest.raises(UploadEndedError):
        Uploads(racing, SilentNotifier()).go_on(known, [advance(Stage.GENERATING, 40)])


def test_a_command_that_has_nothing_to_append_notices_that_the_upload_has_ended(uploads: Uploads) -> None:
    known = run_to(uploads, submit(uploads).id, Stage.GENERATING)
    uploads.execute(known.id, Upload.cancel, by="session:abc")

    with pytest.raises(UploadEndedError):
        uploads.go_on(known, [advance(Stage.GENERATING, known.progress)])


def advance(stage: Stage, progress: int) -> Command:
    return lambda upload: upload.advance(stage, progress, attempt=1, by=WORKER)


class AppendOnlyLog(EventLog):
    """A log that reads nothing."""

    def select_events(self, *_: object, **__: object) -> Sequence[StoredEvent]:
        raise AssertionError("The upload was loaded.")
