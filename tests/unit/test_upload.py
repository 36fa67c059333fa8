"""The rules of the upload aggregate, as given, when, then."""

import pytest
from msgspec.structs import replace

from domain import errors
from domain.events import AttemptFailed, Failed, StageAdvanced
from domain.failures import MESSAGES, NEEDS_NEW_PHOTO, NOT_COUNTED, FailureCode
from domain.fold import evolve, fold
from domain.stages import BANDS, PIPELINE, Stage, Status, rank, status_of
from domain.upload import ATTEMPTS, Upload
from tests.unit.histories import FULL, LATER, PREVIEW, PROGRESS, RESULT_ID, History, submitted


def advance(history: History, stage: Stage, progress: int) -> StageAdvanced | None:
    return history.upload.advance(stage, progress, attempt=history.upload.attempt, by="worker:w")


def test_a_new_upload_is_pending_before_the_first_stage_with_no_progress() -> None:
    upload = submitted().upload

    assert (upload.status, upload.stage, upload.progress, upload.version) == (Status.PENDING, None, 0, 1)


def test_an_upload_goes_through_every_stage_to_complete() -> None:
    upload = submitted().reached(Stage.COMPLETE).upload

    assert (upload.status, upload.stage, upload.progress) == (Status.COMPLETED, Stage.COMPLETE, 100)
    assert upload.result is not None
    assert (upload.result.full, upload.result.preview) == (FULL, PREVIEW)
    assert not upload.running


@pytest.mark.parametrize("stage", PIPELINE)
def test_every_stage_of_the_pipeline_has_a_band_and_a_status(stage: Stage) -> None:
    assert PROGRESS[stage] in BANDS[stage]
    assert status_of(stage) is (Status.COMPLETED if stage is Stage.COMPLETE else Status.PROCESSING)


def test_every_failure_code_has_a_sentence_for_the_user() -> None:
    assert set(MESSAGES) == set(FailureCode)
    assert all(message.endswith(".") for message in MESSAGES.values())


def test_a_stage_never_goes_back() -> None:
    with pytest.raises(errors.StageRegressionError, match="validating lies before generating"):
        advance(submitted().reached(Stage.GENERATING), Stage.VALIDATING, 10)


def test_a_stage_is_not_skipped() -> None:
    with pytest.raises(errors.StageSkippedError, match="storing does not follow validating"):
        advance(submitted().reached(Stage.VALIDATING), Stage.STORING, 80)


def test_the_first_stage_is_validating() -> None:
    with pytest.raises(errors.StageSkippedError, match="does not follow the submission"):
        advance(submitted().started(), Stage.GENERATING, 30)


def test_progress_never_falls_within_a_stage() -> None:
    with pytest.raises(errors.ProgressRegressionError, match="40 is less than 50"):
        advance(submitted().reached(Stage.GENERATING).advanced(Stage.GENERATING, 50), Stage.GENERATING, 40)


@pytest.mark.parametrize(
    ("stage", "progress"),
    [(Stage.VALIDATING, 9), (Stage.VALIDATING, 11), (Stage.VALIDATING, -1), (Stage.VALIDATING, 101)],
)
def test_progress_outside_of_its_band_is_refused(stage: Stage, progress: int) -> None:
    with pytest.raises(errors.ProgressOutOfBandError, match=str(progress)):
        advance(submitted().started(), stage, progress)


def test_an_advance_to_failed_is_refused() -> None:
    with pytest.raises(errors.ProgressOutOfBandError):
        advance(submitted().reached(Stage.GENERATING), Stage.FAILED, 30)


def test_an_advance_that_changes_nothing_appends_nothing() -> None:
    assert advance(submitted().reached(Stage.VALIDATING), Stage.VALIDATING, 10) is None


def test_complete_needs_a_stored_result_and_its_preview() -> None:
    with pytest.raises(errors.ResultMissingError):
        advance(submitted().reached(Stage.WATERMARKING), Stage.COMPLETE, 100)


def test_a_preview_needs_a_result() -> None:
    with pytest.raises(errors.ResultMissingError):
        submitted().reached(Stage.GENERATING).preview()


def test_a_result_is_recorded_once() -> None:
    with pytest.raises(errors.ResultStoredError):
        submitted().reached(Stage.STORING).result()


def test_a_preview_is_recorded_once() -> None:
    with pytest.raises(errors.ResultStoredError):
        submitted().reached(Stage.WATERMARKING).preview().preview()


def test_complete_is_final() -> None:
    upload = submitted().reached(Stage.COMPLETE).upload

    for command in (upload.start_attempt, upload.cancel, upload.give_up):
        with pytest.raises(errors.UploadEndedError):
            command(by="session:abc")
    with pytest.raises(errors.NotFailedError):
        upload.retry(by="session:abc")
    with pytest.raises(errors.UploadEndedError):
        upload.fail(FailureCode.INTERNAL_ERROR, stage=None, attempt=1, by="worker:w")


def test_a_failure_keeps_the_last_progress_and_says_where_it_happened() -> None:
    upload = submitted().reached(Stage.GENERATING).advanced(Stage.GENERATING, 45).failed().upload

    assert (upload.status, upload.stage, upload.progress) == (Status.FAILED, Stage.FAILED, 45)
    assert (upload.failed_stage, upload.error_code) == (Stage.GENERATING, FailureCode.NO_IMAGE_GENERATED)
    assert upload.error_message == MESSAGES[FailureCode.NO_IMAGE_GENERATED]


def test_a_retry_continues_from_the_stage_that_failed() -> None:
    history = submitted().reached(Stage.GENERATING).advanced(Stage.GENERATING, 45).failed()
    upload = history.then(history.upload.retry(by="session:abc")).upload

    assert (upload.stage, upload.progress, upload.attempts_left) == (Stage.GENERATING, 45, ATTEMPTS)
    assert (upload.error_code, upload.error_message, upload.failed_stage) == (None, None, None)
    assert history.started().upload.attempt == 2
    with pytest.raises(errors.ProgressRegressionError):
        advance(history, Stage.GENERATING, 30)


def test_only_a_failed_upload_is_retried() -> None:
    with pytest.raises(errors.NotFailedError):
        submitted().started().upload.retry(by="session:abc")


def test_an_attempt_that_is_over_appends_nothing() -> None:
    upload = submitted().started().started().upload

    with pytest.raises(errors.AttemptOverError, match="Attempt 1 is over: the upload is at attempt 2"):
        upload.advance(Stage.VALIDATING, 10, attempt=1, by="worker:old")
    with pytest.raises(errors.AttemptOverError):
        upload.store_result(RESULT_ID, "local/test", FULL, attempt=1, by="worker:old")
    with pytest.raises(errors.AttemptOverError):
        upload.fail_attempt(FailureCode.STORAGE_UNAVAILABLE, LATER, stage=None, attempt=1, by="worker:old")


def test_nothing_advances_while_no_attempt_is_running() -> None:
    with pytest.raises(errors.AttemptOverError):
        advance(submitted(), Stage.VALIDATING, 10)
    with pytest.raises(errors.AttemptOverError):
        advance(submitted().started().attempt_failed(), Stage.VALIDATING, 10)


def test_after_a_temporary_failure_the_upload_waits_for_its_next_attempt() -> None:
    upload = submitted().reached(Stage.GENERATING).attempt_failed().upload

    assert (upload.running, upload.retry_at, upload.attempts_left) == (False, LATER, ATTEMPTS - 1)
    assert (upload.status, upload.stage) == (Status.PROCESSING, Stage.GENERATING)


def test_the_next_attempt_clears_the_wait() -> None:
    upload = submitted().reached(Stage.GENERATING).attempt_failed().started().upload

    assert (upload.running, upload.retry_at, upload.attempt) == (True, None, 2)


def test_a_temporary_failure_in_the_last_attempt_fails_the_upload() -> None:
    history = submitted().started().attempt_failed().started().attempt_failed().started()
    event = history.upload.fail_attempt(
        FailureCode.GENERATION_UNAVAILABLE, LATER, stage=Stage.GENERATING, attempt=3, by="worker:w"
    )

    assert isinstance(event, Failed)
    assert (event.code, event.stage) == (FailureCode.GENERATION_UNAVAILABLE, Stage.GENERATING)


@pytest.mark.parametrize("code", sorted(NOT_COUNTED))
def test_an_attempt_that_had_to_wait_is_no_failed_attempt(code: FailureCode) -> None:
    history = submitted()
    for _ in range(ATTEMPTS + 2):
        history.started().attempt_failed(code)

    assert isinstance(history.events[-1], AttemptFailed)
    assert (history.upload.attempts_left, history.upload.waiting_for) == (ATTEMPTS, code)


def test_a_lost_attempt_is_no_failed_attempt_and_a_new_stage_resets_the_count() -> None:
    lost = submitted().reached(Stage.GENERATING).started().upload
    assert (lost.attempts_left, lost.lost, lost.losses) == (ATTEMPTS - 1, 1, 2)

    history = submitted().reached(Stage.GENERATING).started().advanced(Stage.GENERATING, 70)
    assert history.upload.lost == 1
    assert history.result().advanced(Stage.STORING).upload.lost == 0


def test_failed_attempts_do_not_reset_the_count_of_lost_ones_and_a_retry_does() -> None:
    history = submitted().started().started().attempt_failed().started().started()
    assert (history.upload.attempts_left, history.upload.lost) == (ATTEMPTS - 2, 2)
    history.then(history.upload.give_up(by="reconciler")).then(history.upload.retry(by="session:abc"))

    assert (history.upload.attempts_left, history.upload.lost) == (ATTEMPTS, 0)


def test_an_upload_that_is_put_off_waits_without_an_attempt() -> None:
    upload = submitted().reached(Stage.VALIDATING).attempt_failed().put_off(FailureCode.GENERATION_PAUSED).upload

    assert (upload.attempt, upload.attempts_left, upload.running) == (1, ATTEMPTS - 1, False)
    assert (upload.retry_at, upload.waiting_for) == (LATER, FailureCode.GENERATION_PAUSED)


def test_the_next_attempt_waits_for_nothing() -> None:
    upload = submitted().put_off().started().upload

    assert (upload.retry_at, upload.waiting_for) == (None, None)


def test_an_upload_is_put_off_only_while_it_waits_and_only_for_a_code_that_is_not_counted() -> None:
    with pytest.raises(errors.RefusedError):
        submitted().started().put_off()
    with pytest.raises(errors.RefusedError):
        submitted().put_off(FailureCode.STORAGE_UNAVAILABLE)
    with pytest.raises(errors.UploadEndedError):
        submitted().started().failed().put_off()


def test_after_three_lost_attempts_no_other_begins_and_the_upload_can_be_given_up() -> None:
    history = submitted().started().started().started()

    with pytest.raises(errors.AttemptsExhaustedError):
        history.started()
    failed = history.then(history.upload.give_up(by="reconciler")).upload
    assert failed.error_code is FailureCode.WORKER_LOST


def test_an_upload_with_attempts_left_is_not_given_up() -> None:
    with pytest.raises(errors.RefusedError, match="2 attempts are left"):
        submitted().started().upload.give_up(by="reconciler")


def test_a_cancel_ends_the_upload_at_any_stage() -> None:
    history = submitted()
    upload = history.then(history.upload.cancel(by="session:abc")).upload

    assert (upload.stage, upload.progress, upload.error_code) == (Stage.FAILED, 0, FailureCode.CANCELLED)


def test_a_second_cancel_changes_nothing() -> None:
    history = submitted()
    history.then(history.upload.cancel(by="session:abc"))

    assert history.upload.cancel(by="session:abc") is None


def test_no_other_failure_can_be_cancelled() -> None:
    with pytest.raises(errors.UploadEndedError):
        submitted().started().failed(FailureCode.INTERNAL_ERROR).upload.cancel(by="session:abc")


@pytest.mark.parametrize("code", sorted(NEEDS_NEW_PHOTO))
def test_a_photo_that_would_fail_again_is_not_retried_and_the_error_says_what_helps(code: FailureCode) -> None:
    with pytest.raises(errors.NeedsNewPhotoError) as refused:
        submitted().started().failed(code).upload.retry(by="session:abc")

    assert refused.value.message == f"Another try cannot help. {MESSAGES[code]}"


def test_every_event_has_its_own_id_its_actor_and_the_correlation_id() -> None:
    events = submitted().reached(Stage.COMPLETE).events

    assert len({event.event_id for event in events}) == len(events)
    assert {event.actor for event in events} == {"session:abc", "worker:w"}
    assert {event.correlation_id for event in events} == {"c-1"}
    assert [event.originator_version for event in events] == list(range(1, len(events) + 1))


def test_a_replay_gives_the_same_state() -> None:
    history = submitted().reached(Stage.COMPLETE)

    assert fold(None, history.events) == history.upload


def test_the_fold_refuses_a_gap_in_the_versions() -> None:
    history = submitted().reached(Stage.VALIDATING)

    with pytest.raises(ValueError, match="Version 3 does not follow 1"):
        fold(None, [history.events[0], history.events[2]])


def test_the_fold_refuses_a_history_that_does_not_begin_with_a_submission() -> None:
    with pytest.raises(ValueError, match="Version 2 does not follow None"):
        evolve(None, submitted().started().events[1])


def test_the_fold_refuses_a_preview_without_a_result() -> None:
    history = submitted().reached(Stage.STORING).preview()
    preview = history.events[-1]
    without = submitted().started().upload

    with pytest.raises(ValueError, match=r"upload\.preview-stored cannot be applied"):
        evolve(without, replace(preview, originator_version=3))


def test_the_rank_of_a_stage_is_its_position_in_the_pipeline() -> None:
    assert [rank(stage) for stage in (None, *PIPELINE)] == [0, 1, 2, 3, 4, 5]


def test_an_upload_is_its_state_and_nothing_else() -> None:
    assert isinstance(submitted().upload, Upload)
    assert submitted().upload == submitted().upload
