"""The rules of the upload aggregate, as given, when, then: its attempts, its retries and its cancellation."""

import pytest

from domain import errors
from domain.events import AttemptFailed, Failed
from domain.failures import MESSAGES, NEEDS_NEW_PHOTO, NOT_COUNTED, FailureCode
from domain.stages import Stage, Status
from domain.state import ATTEMPTS
from tests.unit.histories import FULL, LATER, RESULT_ID, advance, submitted


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
