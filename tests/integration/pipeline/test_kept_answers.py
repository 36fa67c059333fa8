"""An answer of the image model is paid for once, kept before the stage ends, and used only when it is whole."""

import io
from datetime import timedelta
from uuid import UUID

import pytest

from domain.events import AttemptFailed, Failed
from domain.failures import FailureCode
from domain.objects import answer_prefix, clean_key
from domain.ports import BlobStore
from domain.stages import Stage, Status
from domain.upload import Upload
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import not_an_image, status
from tests.integration.pipeline.rig import PipelineRig, last
from tests.integration.pipeline.storages import Absurd, Broken, Half, Wrapped
from tests.photos.variants import photo
from workers.queue.leases import Leases
from workers.runs.attempt import Attempt
from workers.vision.model import ImageModel


def test_an_answer_that_was_paid_for_is_used_again(rig: PipelineRig, model: ImageModel, gemini: FakeGemini) -> None:
    upload_id = rig.submitted(photo())
    rig.pipeline(model, blobs=Broken(rig.blobs, "full")).run(upload_id)
    assert rig.uploads.get(upload_id).progress == 70

    rig.clock.time += timedelta(minutes=5)
    rig.pipeline(model).run(upload_id)

    assert rig.uploads.get(upload_id).status is Status.COMPLETED
    assert len(gemini.calls) == 1


def test_an_answer_is_asked_for_once_by_the_attempt_that_kept_it(rig: PipelineRig, model: ImageModel) -> None:
    upload_id, blobs, read = rig.submitted(photo()), Wrapped(rig.blobs, "none"), []

    def get(key: str) -> bytes:
        read.append(key)
        return rig.blobs.get(key)

    blobs.get = get
    rig.pipeline(model, blobs=blobs).run(upload_id)

    assert rig.uploads.get(upload_id).status is Status.COMPLETED
    assert [key for key in read if key.startswith(answer_prefix(upload_id))] == list(
        rig.blobs.keys(answer_prefix(upload_id))
    )


def test_a_retry_of_an_answer_that_is_no_picture_asks_the_model_again(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(not_an_image())
    upload_id = rig.submitted(photo())
    rig.pipeline(model).run(upload_id)
    rig.uploads.execute(upload_id, Upload.retry, by="session:abc")
    rig.pipeline(model).run(upload_id)

    assert rig.uploads.get(upload_id).status is Status.COMPLETED
    assert len(gemini.calls) == 2


def test_a_clean_copy_that_the_storage_does_not_give_back_is_not_what_the_model_is_asked_about(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(status(503))
    upload_id = rig.submitted(photo())
    rig.pipeline(model).run(upload_id)
    rig.blobs.put(clean_key(upload_id), io.BytesIO(b"<Error><Code>SlowDown</Code></Error>"), "image/jpeg")
    rig.clock.time += timedelta(minutes=5)
    rig.pipeline(model).run(upload_id)

    assert rig.uploads.get(upload_id).status is Status.COMPLETED
    assert gemini.calls[0].sha256 == gemini.calls[1].sha256


def test_an_answer_of_which_the_storage_has_only_half_is_neither_used_nor_paid_for_again(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = rig.submitted(photo())
    rig.pipeline(model, blobs=Broken(rig.blobs, "full")).run(upload_id)
    (key,) = rig.blobs.keys(answer_prefix(upload_id))
    rig.blobs.put(key, io.BytesIO(rig.blobs.get(key)[:100]), "application/msgpack")
    rig.clock.time += timedelta(minutes=5)
    rig.pipeline(model).run(upload_id)

    failed = last(rig, upload_id, AttemptFailed)
    assert (failed.stage, failed.code) == (Stage.STORING, FailureCode.STORAGE_UNAVAILABLE)
    assert len(gemini.calls) == 1


def test_a_storage_that_keeps_halves_costs_one_call_and_a_retry_after_it_was_mended_starts_anew(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.runs.stages.HOLD_SECONDS", (0, 0, 0))
    upload_id = rig.submitted(photo())
    rig.pipeline(model, blobs=Half(rig.blobs, "generated")).run(upload_id)
    assert last(rig, upload_id, Failed).code is FailureCode.STORAGE_UNAVAILABLE
    assert (rig.uploads.get(upload_id).progress < 70, len(gemini.calls)) == (True, 1)
    rig.uploads.execute(upload_id, Upload.retry, by="session:abc")
    rig.pipeline(model).run(upload_id)

    assert rig.uploads.get(upload_id).status is Status.COMPLETED


def test_half_an_answer_that_a_killed_worker_left_is_never_shown_as_made_and_does_not_spoil_a_retry(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = rig.submitted(photo())
    kill_while_it_holds_the_answer(rig, model, upload_id, Half(rig.blobs, "generated"))
    while not rig.uploads.get(upload_id).ended:
        rig.clock.time += timedelta(minutes=5)
        rig.pipeline(model).run(upload_id)
    assert last(rig, upload_id, Failed).code is FailureCode.STORAGE_UNAVAILABLE
    assert (rig.uploads.get(upload_id).progress < 70, len(gemini.calls)) == (True, 1)
    rig.uploads.execute(upload_id, Upload.retry, by="session:abc")
    rig.pipeline(model).run(upload_id)

    assert rig.uploads.get(upload_id).status is Status.COMPLETED


def test_an_answer_is_held_whatever_goes_wrong_with_its_storage(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.runs.stages.HOLD_SECONDS", (0, 0, 0))
    upload_id = rig.submitted(photo())
    rig.pipeline(model, blobs=Absurd(rig.blobs, "generated", 3)).run(upload_id)
    assert rig.uploads.get(upload_id).status is Status.COMPLETED

    upload_id = rig.submitted(photo())
    rig.pipeline(model, blobs=Absurd(rig.blobs, "generated", 4)).run(upload_id)
    assert last(rig, upload_id, Failed).code is FailureCode.STORAGE_UNAVAILABLE
    assert len(gemini.calls) == 2


def test_an_answer_that_is_no_picture_is_not_discarded_before_the_upload_has_failed(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(not_an_image())
    upload_id = rig.submitted(photo())
    blobs = Wrapped(rig.blobs, "none")
    ended: list[bool] = []

    def delete(key: str) -> None:
        ended.append(rig.uploads.get(upload_id).ended)
        rig.blobs.delete(key)

    blobs.delete = delete
    rig.pipeline(model, blobs=blobs).run(upload_id)

    assert ended == [True]
    assert list(rig.blobs.keys(answer_prefix(upload_id))) == []


def test_storing_is_never_shown_before_the_picture_was_read_back(rig: PipelineRig, local: ImageModel) -> None:
    upload_id = rig.submitted(photo())
    rig.pipeline(local, blobs=Half(rig.blobs, "full")).run(upload_id)

    upload = rig.uploads.get(upload_id)
    assert (upload.reached, upload.progress, upload.result) == (Stage.GENERATING, 70, None)
    failed = last(rig, upload_id, AttemptFailed)
    assert (failed.stage, failed.code) == (Stage.STORING, FailureCode.STORAGE_UNAVAILABLE)


def kill_while_it_holds_the_answer(rig: PipelineRig, model: ImageModel, upload_id: UUID, blobs: BlobStore) -> None:
    """Leave what a worker leaves that is killed after its first try to keep an answer."""
    leases = Leases(rig.pool, "killed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Attempt, "pause", killed)
        patch.setattr(Attempt, "try_again", killed)
        with pytest.raises(KilledError):
            rig.pipeline(model, blobs=blobs, leases=leases).run(upload_id)


class KilledError(BaseException):
    """Its worker was killed."""


def killed(*_: object) -> None:
    raise KilledError
