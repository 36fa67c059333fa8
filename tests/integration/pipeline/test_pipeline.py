"""A run that goes well takes an upload through every stage, and records what it stored."""

import io
from hashlib import sha256
from uuid import UUID

import pytest
from PIL import Image

from domain.stages import Stage, Status
from tests.fakes.gemini import FakeGemini
from tests.integration.pipeline.held_run import HeldRun
from tests.integration.pipeline.rig import PipelineRig
from tests.photos.variants import photo
from tests.waiting import until
from workers.vision.local import NAME as LOCAL
from workers.vision.model import ImageModel


def test_a_photo_goes_through_every_stage(rig: PipelineRig, local: ImageModel) -> None:
    upload_id = rig.submitted(photo())
    rig.pipeline(local).run(upload_id)

    upload = rig.uploads.get(upload_id)
    assert (upload.status, upload.progress) == (Status.COMPLETED, 100)
    assert [step for step in rig.steps(upload_id) if step[0] is not Stage.GENERATING] == [
        (Stage.VALIDATING, 10),
        (Stage.STORING, 80),
        (Stage.WATERMARKING, 90),
        (Stage.COMPLETE, 100),
    ]
    shown = generating(rig, upload_id)
    assert (shown[0], shown[-1]) == (30, 70)


def test_what_follows_at_once_is_appended_at_once(rig: PipelineRig, local: ImageModel) -> None:
    upload_id = rig.submitted(photo())
    rig.pipeline(local).run(upload_id)

    appends = rig.appends(upload_id)
    assert appends[:2] == [["submitted"], ["attempt-started", "stage-advanced"]]
    assert appends[-2:] == [["result-stored", "stage-advanced", "stage-advanced"], ["preview-stored", "stage-advanced"]]


def test_what_is_stored_is_what_is_recorded(rig: PipelineRig, local: ImageModel) -> None:
    upload_id = rig.submitted(photo())
    rig.pipeline(local).run(upload_id)

    result = rig.uploads.get(upload_id).result
    assert result is not None
    assert result.preview is not None
    assert result.model == LOCAL
    for image in (result.full, result.preview):
        stored = rig.blobs.get(image.key)
        assert (sha256(stored).hexdigest(), len(stored)) == (image.sha256, image.size)
        assert Image.open(io.BytesIO(stored)).size == (image.width, image.height)


def test_a_second_run_finds_nothing_to_do(rig: PipelineRig, model: ImageModel, gemini: FakeGemini) -> None:
    upload_id = rig.submitted(photo())
    rig.pipeline(model).run(upload_id)
    before = rig.names(upload_id)
    rig.pipeline(model).run(upload_id)

    assert rig.names(upload_id) == before
    assert len(gemini.calls) == 1


def test_progress_moves_while_the_call_is_under_way(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.runs.progress.TICK_SECONDS", 0.01)
    monkeypatch.setattr(model, "expected_seconds", 0.5)
    upload_id = rig.submitted(photo())
    with HeldRun(rig.pipeline(model), upload_id, gemini):
        until(lambda: len(generating(rig, upload_id)) > 2, "progress does not move")

    shown = generating(rig, upload_id)
    assert shown == sorted(set(shown))
    assert all(progress % 5 == 0 for progress in shown)


def generating(rig: PipelineRig, upload_id: UUID) -> list[int]:
    """The progress of each step within generating."""
    return [progress for stage, progress in rig.steps(upload_id) if stage is Stage.GENERATING]


def test_the_upload_says_who_made_the_picture_and_of_which_prompt(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = rig.submitted(photo())
    rig.pipeline(model).run(upload_id)

    upload = rig.uploads.get(upload_id)
    assert upload.prompt_version == 1
    assert upload.result is not None
    assert upload.result.model == f"gemini/{gemini.calls[0].model}"
