"""What goes wrong in a run is retried or fails the upload, each with its own code."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent

from domain.errors import LogUnavailableError
from domain.events import AttemptFailed, Failed, PreviewStored, ResultStored, StageAdvanced
from domain.failures import FailureCode
from domain.objects import folder_of
from domain.stages import Stage, Status
from domain.state import LONGEST_WAIT
from domain.upload import Upload
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import Reply, not_an_image, picture, prompt_blocked, status, text_only
from tests.fakes.silent_notifier import SilentNotifier
from tests.integration.pipeline.rig import PipelineRig, Pool, last
from tests.integration.pipeline.storages import Forbidden, Half
from tests.photos.variants import photo
from workers.vision.model import Answer, ImageModel


def test_a_passing_trouble_is_tried_three_times_with_growing_waits_and_then_fails(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.always_answer_with(status(503))
    upload_id = rig.submitted(photo())
    waits = []
    for _ in range(2):
        rig.pipeline(model).run(upload_id)
        waits.append(last(rig, upload_id, AttemptFailed).retry_at - rig.clock())
        rig.pipeline(model).run(upload_id)  # too early: nothing happens
        rig.clock.time += timedelta(minutes=5)
    rig.pipeline(model).run(upload_id)

    assert len(gemini.calls) == 3
    assert timedelta(seconds=2) < waits[0] < waits[1] < timedelta(seconds=60)
    assert last(rig, upload_id, Failed).code is FailureCode.GENERATION_UNAVAILABLE


def test_a_wait_that_was_measured_by_a_clock_that_stepped_back_is_over(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(status(503), picture())
    upload_id = rig.submitted(photo())
    rig.pipeline(model).run(upload_id)
    with rig.pool.connection() as connection:
        connection.execute("ALTER TABLE event_log DISABLE TRIGGER USER")
        connection.execute("UPDATE event_log SET recorded_at = recorded_at + interval '11 minutes'")
        connection.execute("ALTER TABLE event_log ENABLE TRIGGER USER")
    rig.clock.time -= timedelta(minutes=11)
    rig.pipeline(model).run(upload_id)

    assert rig.uploads.get(upload_id).status is Status.COMPLETED


def test_a_wait_that_is_longer_than_any_is_over(rig: PipelineRig, model: ImageModel) -> None:
    waiting, too_long = rig.submitted(photo()), rig.submitted(photo())
    for upload_id, until in ((waiting, LONGEST_WAIT), (too_long, 2 * LONGEST_WAIT)):
        rig.uploads.execute(
            upload_id, Upload.put_off, FailureCode.GENERATION_PAUSED, rig.clock() + until, by="worker:another"
        )
        rig.pipeline(model).run(upload_id)

    assert rig.uploads.get(waiting).status is Status.PENDING
    assert rig.uploads.get(too_long).status is Status.COMPLETED


def test_the_wait_that_the_model_asks_for_is_kept(rig: PipelineRig, model: ImageModel, gemini: FakeGemini) -> None:
    gemini.answer_with(status(429, retry_after="40"))
    upload_id = rig.submitted(photo())
    rig.pipeline(model).run(upload_id)

    failed = last(rig, upload_id, AttemptFailed)
    assert failed.retry_at == rig.clock() + timedelta(seconds=40)
    assert (failed.stage, failed.code) == (Stage.GENERATING, FailureCode.GENERATION_UNAVAILABLE)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (prompt_blocked(), FailureCode.CONTENT_BLOCKED),
        (text_only(), FailureCode.NO_IMAGE_GENERATED),
        (not_an_image(), FailureCode.NO_IMAGE_GENERATED),
        (status(403), FailureCode.GENERATION_REFUSED),
    ],
    ids=["refusal", "text", "no image", "forbidden"],
)
def test_a_trouble_that_stays_fails_the_upload_after_one_call(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini, reply: Reply, code: FailureCode
) -> None:
    gemini.answer_with(reply)
    upload_id = rig.submitted(photo())
    rig.pipeline(model).run(upload_id)
    rig.pipeline(model).run(upload_id)

    upload = rig.uploads.get(upload_id)
    assert (upload.error_code, len(gemini.calls)) == (code, 1)
    assert upload.status is Status.FAILED


def test_a_photo_that_is_none_fails_at_10_and_costs_no_call(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = rig.submitted(photo()[:2000])
    rig.pipeline(model).run(upload_id)

    upload = rig.uploads.get(upload_id)
    assert (upload.error_code, upload.progress) == (FailureCode.IMAGE_TRUNCATED, 10)
    assert list(rig.blobs.keys(folder_of(upload.id))) == [], "no retry can help, so the photo is gone"
    assert gemini.calls == []


@pytest.mark.parametrize(
    ("original", "code", "begin"),
    [
        (b"<!-- a logo --><svg/>", FailureCode.UNSUPPORTED_FORMAT, "This is an SVG file."),
        (b"%PDF-1.7", FailureCode.NOT_AN_IMAGE, "This is a PDF file."),
        (
            photo().replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"),
            FailureCode.UNSUPPORTED_FORMAT,
            "This is a JPEG with more than 8 bits a channel, ",
        ),
    ],
)
def test_a_photo_of_another_format_is_told_which_one_it_is(
    rig: PipelineRig, local: ImageModel, original: bytes, code: FailureCode, begin: str
) -> None:
    upload_id = rig.submitted(original)
    rig.pipeline(local).run(upload_id)

    failed = last(rig, upload_id, Failed)
    assert failed.code is code
    assert failed.message.startswith(begin)


def test_a_photo_that_is_gone_says_so(rig: PipelineRig, local: ImageModel) -> None:
    upload_id = rig.submitted(photo())
    for key in list(rig.blobs.keys(str(upload_id))):
        rig.blobs.delete(key)
    rig.pipeline(local).run(upload_id)

    assert rig.uploads.get(upload_id).error_code is FailureCode.ORIGINAL_MISSING


def test_a_photo_of_which_the_storage_has_only_half_is_not_called_damaged(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    rig.blobs = Half(rig.blobs, "original")
    upload_id = rig.submitted(photo())
    for _ in range(3):
        rig.pipeline(model).run(upload_id)
        rig.clock.time += timedelta(minutes=5)

    assert last(rig, upload_id, Failed).code is FailureCode.ORIGINAL_MISSING
    assert gemini.calls == []


def test_a_storage_that_says_no_fails_the_upload_once(rig: PipelineRig, local: ImageModel) -> None:
    upload_id = rig.submitted(photo())
    rig.pipeline(local, blobs=Forbidden(rig.blobs, "full")).run(upload_id)

    failed = last(rig, upload_id, Failed)
    assert (failed.stage, failed.code) == (Stage.STORING, FailureCode.STORAGE_REFUSED)


def test_a_log_that_is_away_for_a_moment_costs_the_upload_nothing(rig: PipelineRig, model: ImageModel) -> None:
    upload_id = rig.submitted(photo())
    rig.uploads = Uploads(ForgetfulLog(rig.pool, 2), SilentNotifier())
    rig.pipeline(model).run(upload_id)

    assert rig.uploads.get(upload_id).status is Status.COMPLETED
    assert rig.names(upload_id).count("attempt-started") == 1


@pytest.mark.parametrize("name", [ResultStored.NAME, PreviewStored.NAME, StageAdvanced.NAME])
def test_what_was_appended_before_its_answer_was_lost_is_not_appended_again(
    rig: PipelineRig, model: ImageModel, name: str
) -> None:
    upload_id = rig.submitted(photo())
    rig.uploads = Uploads(UnansweringLog(rig.pool, name), SilentNotifier())
    rig.pipeline(model).run(upload_id)

    assert rig.uploads.get(upload_id).status is Status.COMPLETED
    assert [rig.names(upload_id).count(once) for once in ("attempt-started", "result-stored", "preview-stored")] == [
        1
    ] * 3


def test_a_mistake_of_ours_fails_the_upload_and_not_the_worker(rig: PipelineRig) -> None:
    upload_id = rig.submitted(photo())
    for _ in range(3):
        rig.pipeline(Careless()).run(upload_id)
        rig.clock.time += timedelta(minutes=5)

    failed = last(rig, upload_id, Failed)
    assert (failed.stage, failed.code) == (Stage.GENERATING, FailureCode.INTERNAL_ERROR)


class Careless:
    """An image model with a bug."""

    name = "careless"
    expected_seconds = 1.0

    def prepare(self) -> None:
        pass

    def generate(self, clean_jpeg: bytes, prompt: str) -> Answer:
        raise ZeroDivisionError


class ForgetfulLog(EventLog):
    """A log that is away for the first few appends after the submission."""

    def __init__(self, pool: Pool, times: int) -> None:
        super().__init__(pool)
        self._times = times

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        if self._times and stored_events[0].topic == StageAdvanced.NAME:
            self._times -= 1
            raise LogUnavailableError
        return super().insert_events(stored_events)


class UnansweringLog(EventLog):
    """A log that is away when it has stored an event of that name, and when it is asked whether it has."""

    def __init__(self, pool: Pool, name: str) -> None:
        super().__init__(pool)
        self._name = name
        self._away = False

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        positions = super().insert_events(stored_events)
        if stored_events[0].topic == self._name:
            self._name, self._away = "", True
            raise LogUnavailableError
        return positions

    def select_events(self, *args: Any, **limits: Any) -> Sequence[StoredEvent]:  # noqa: ANN401 - the library's own
        if self._away:
            self._away = False
            raise LogUnavailableError
        return super().select_events(*args, **limits)
