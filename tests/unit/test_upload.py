"""The rules of the upload aggregate, as given, when, then: its stages, its progress and its result."""

import pytest

from domain import errors
from domain.failures import MESSAGES, FailureCode
from domain.stages import BANDS, PIPELINE, Stage, Status, rank, status_of
from domain.upload import Upload
from tests.unit.histories import FULL, PREVIEW, PROGRESS, advance, submitted


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


def test_every_event_has_its_own_id_its_actor_and_the_correlation_id() -> None:
    events = submitted().reached(Stage.COMPLETE).events

    assert len({event.event_id for event in events}) == len(events)
    assert {event.actor for event in events} == {"session:abc", "worker:w"}
    assert {event.correlation_id for event in events} == {"c-1"}
    assert [event.originator_version for event in events] == list(range(1, len(events) + 1))


def test_the_rank_of_a_stage_is_its_position_in_the_pipeline() -> None:
    assert [rank(stage) for stage in (None, *PIPELINE)] == [0, 1, 2, 3, 4, 5]


def test_an_upload_is_its_state_and_nothing_else() -> None:
    assert isinstance(submitted().upload, Upload)
    assert submitted().upload == submitted().upload
