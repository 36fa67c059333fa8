"""The pipeline on a real PostgreSQL, a real folder and a server that speaks Gemini's protocol."""

import io
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent
from PIL import Image
from psycopg_pool import ConnectionPool

from app.storage.folder import FolderStore
from domain.errors import LogUnavailableError, StorageRefusedError, StorageUnavailableError
from domain.events import AttemptFailed, Event, Failed, PutOff, StageAdvanced
from domain.failures import FailureCode
from domain.objects import answer_prefix, clean_key, original_key
from domain.ports import BlobStore, RunQueue
from domain.stages import Stage, Status
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import Reply, after, not_an_image, picture, prompt_blocked, status, text_only
from tests.fakes.silent_notifier import SilentNotifier
from tests.photos.variants import photo
from workers.imaging.sandbox import Sandbox
from workers.queue.leases import Leases
from workers.runs.attempt import Attempt
from workers.runs.calls import Calls
from workers.runs.pipeline import Pipeline
from workers.runs.stages import Stages
from workers.steps.validating import Accepted
from workers.vision.gemini import GeminiModel
from workers.vision.local import NAME as LOCAL
from workers.vision.local import LocalModel
from workers.vision.model import Answer, ImageModel

Pool = ConnectionPool[psycopg.Connection[Any]]
E = TypeVar("E", bound=Event)


@dataclass
class Clock:
    """A clock that a test moves."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.time


class House:
    """A pipeline with everything real but the time."""

    def __init__(self, uploads: Uploads, event_log: EventLog, pool: Pool, blobs: BlobStore) -> None:
        self.uploads, self.event_log, self.pool, self.blobs = uploads, event_log, pool, blobs
        self.clock = Clock()

    def pipeline(
        self,
        model: ImageModel,
        worker: str = "w",
        blobs: BlobStore | None = None,
        calls: Calls | None = None,
        leases: Leases | None = None,
        queue: RunQueue | None = None,
    ) -> Pipeline:
        return Pipeline(
            uploads=self.uploads,
            stages=Stages(blobs=blobs or self.blobs, model=model, sandbox=Sandbox(), accepted=Accepted(), calls=calls),
            leases=leases or Leases(self.pool, worker),
            clock=self.clock,
            worker=worker,
            places=8,
            queue=queue,
        )

    def submitted(self, original: bytes) -> UUID:
        upload_id, digest = uuid4(), sha256(original).hexdigest()
        self.blobs.put(original_key(upload_id, digest), io.BytesIO(original), "image/jpeg")
        self.uploads.submit(
            upload_id,
            session_hash="e" * 64,
            original_sha256=digest,
            original_size=len(original),
            prompt_version=1,
            correlation_id="c-1",
            by="session:abc",
        )
        return upload_id

    def names(self, upload_id: UUID) -> list[str]:
        return [logged.name.removeprefix("upload.") for logged in self.event_log.history(upload_id)]

    def steps(self, upload_id: UUID) -> list[tuple[Stage, int]]:
        events = [logged.event for logged in self.event_log.history(upload_id)]
        return [(event.stage, event.progress) for event in events if isinstance(event, StageAdvanced)]


@pytest.fixture
def house(uploads: Uploads, event_log: EventLog, pool: Pool, tmp_path: Path) -> House:
    return House(uploads, event_log, pool, FolderStore(tmp_path, lambda key, _: key))


@pytest.fixture
def local() -> ImageModel:
    return LocalModel(Sandbox())


@pytest.fixture
def gemini() -> Iterator[FakeGemini]:
    with FakeGemini() as server:
        yield server


@pytest.fixture
def model(gemini: FakeGemini) -> Iterator[ImageModel]:
    gemini_model = GeminiModel(gemini.key, "gemini-2.5-flash-image", base_url=gemini.url, timeout_s=10)
    yield gemini_model
    gemini_model.close()


def test_a_photo_goes_through_every_stage(house: House, local: ImageModel) -> None:
    upload_id = house.submitted(photo())
    house.pipeline(local).run(upload_id)

    upload = house.uploads.get(upload_id)
    assert (upload.status, upload.progress) == (Status.COMPLETED, 100)
    assert [step for step in house.steps(upload_id) if step[0] is not Stage.GENERATING] == [
        (Stage.VALIDATING, 10),
        (Stage.STORING, 80),
        (Stage.WATERMARKING, 90),
        (Stage.COMPLETE, 100),
    ]
    generating = [progress for stage, progress in house.steps(upload_id) if stage is Stage.GENERATING]
    assert (generating[0], generating[-1]) == (30, 70)


def test_what_is_stored_is_what_is_recorded(house: House, local: ImageModel) -> None:
    upload_id = house.submitted(photo())
    house.pipeline(local).run(upload_id)

    result = house.uploads.get(upload_id).result
    assert result is not None
    assert result.preview is not None
    assert result.model == LOCAL
    for image in (result.full, result.preview):
        stored = house.blobs.get(image.key)
        assert (sha256(stored).hexdigest(), len(stored)) == (image.sha256, image.size)
        assert Image.open(io.BytesIO(stored)).size == (image.width, image.height)


def test_a_second_run_finds_nothing_to_do(house: House, model: ImageModel, gemini: FakeGemini) -> None:
    upload_id = house.submitted(photo())
    house.pipeline(model).run(upload_id)
    before = house.names(upload_id)
    house.pipeline(model).run(upload_id)

    assert house.names(upload_id) == before
    assert len(gemini.calls) == 1


def test_progress_moves_while_the_call_is_under_way(house: House, model: ImageModel, gemini: FakeGemini) -> None:
    gemini.answer_with(after(3, picture()))
    upload_id = house.submitted(photo())
    house.pipeline(model).run(upload_id)

    generating = [progress for stage, progress in house.steps(upload_id) if stage is Stage.GENERATING]
    assert len(generating) > 2
    assert generating == sorted(set(generating))
    assert all(progress % 5 == 0 for progress in generating)


def test_an_answer_that_was_paid_for_is_used_again(house: House, model: ImageModel, gemini: FakeGemini) -> None:
    upload_id = house.submitted(photo())
    house.pipeline(model, blobs=Broken(house.blobs, "full")).run(upload_id)
    assert house.uploads.get(upload_id).progress == 70

    house.clock.time += timedelta(minutes=5)
    house.pipeline(model).run(upload_id)

    assert house.uploads.get(upload_id).status is Status.COMPLETED
    assert len(gemini.calls) == 1


def test_the_upload_says_who_made_the_picture_and_of_which_prompt(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = house.submitted(photo())
    house.pipeline(model).run(upload_id)

    upload = house.uploads.get(upload_id)
    assert upload.prompt_version == 1
    assert upload.result is not None
    assert upload.result.model == f"gemini/{gemini.calls[0].model}"


def test_a_passing_trouble_is_tried_three_times_with_growing_waits_and_then_fails(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.always_answer_with(status(503))
    upload_id = house.submitted(photo())
    waits = []
    for _ in range(2):
        house.pipeline(model).run(upload_id)
        waits.append(last(house, upload_id, AttemptFailed).retry_at - house.clock())
        house.pipeline(model).run(upload_id)  # too early: nothing happens
        house.clock.time += timedelta(minutes=5)
    house.pipeline(model).run(upload_id)

    assert len(gemini.calls) == 3
    assert timedelta(seconds=2) < waits[0] < waits[1] < timedelta(seconds=60)
    assert last(house, upload_id, Failed).code is FailureCode.GENERATION_UNAVAILABLE


def test_a_wait_that_was_measured_by_a_clock_that_stepped_back_is_over(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(status(503), picture())
    upload_id = house.submitted(photo())
    house.pipeline(model).run(upload_id)
    with house.pool.connection() as connection:
        connection.execute("ALTER TABLE event_log DISABLE TRIGGER USER")
        connection.execute("UPDATE event_log SET recorded_at = recorded_at + interval '11 minutes'")
        connection.execute("ALTER TABLE event_log ENABLE TRIGGER USER")
    house.clock.time -= timedelta(minutes=11)
    house.pipeline(model).run(upload_id)

    assert house.uploads.get(upload_id).status is Status.COMPLETED


def test_the_wait_that_the_model_asks_for_is_kept(house: House, model: ImageModel, gemini: FakeGemini) -> None:
    gemini.answer_with(status(429, retry_after="40"))
    upload_id = house.submitted(photo())
    house.pipeline(model).run(upload_id)

    failed = last(house, upload_id, AttemptFailed)
    assert failed.retry_at == house.clock() + timedelta(seconds=40)
    assert (failed.stage, failed.code) == (Stage.GENERATING, FailureCode.GENERATION_UNAVAILABLE)


def test_beyond_the_budget_an_upload_is_put_off_before_an_attempt_and_goes_on_when_there_is_room(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    pipeline = house.pipeline(model, calls=Calls(house.pool, model.name, 1))
    first, second = (house.submitted(photo()) for _ in range(2))
    for upload_id in (first, second):
        pipeline.run(upload_id)
    put_off = last(house, second, PutOff)
    assert (put_off.code, put_off.stage) == (FailureCode.GENERATION_BUDGET_SPENT, None)
    assert house.uploads.get(second).attempt == 0

    house.clock.time += timedelta(minutes=2)
    with house.pool.connection() as connection:
        connection.execute("UPDATE generation_calls SET called_at = called_at - interval '1 hour'")
    pipeline.run(second)
    assert [house.uploads.get(one).status for one in (first, second)] == [Status.COMPLETED] * 2
    assert len(gemini.calls) == 2


def test_an_attempt_that_may_not_call_after_all_is_no_strike(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = house.submitted(photo())
    calls = SpentMeanwhile(house.pool, model.name, 1)
    house.pipeline(model, calls=calls).run(upload_id)

    failed = last(house, upload_id, AttemptFailed)
    assert (failed.code, failed.stage) == (FailureCode.GENERATION_BUDGET_SPENT, Stage.GENERATING)
    assert house.uploads.get(upload_id).attempts_left == 3
    assert gemini.calls == []


def test_an_answer_that_is_kept_needs_no_call_and_waits_for_none(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = house.submitted(photo())
    house.pipeline(model, blobs=Broken(house.blobs, "full")).run(upload_id)
    house.clock.time += timedelta(minutes=5)
    calls = Calls(house.pool, model.name, 1)
    calls.admit(uuid4(), 1)
    house.pipeline(model, calls=calls).run(upload_id)

    assert house.uploads.get(upload_id).status is Status.COMPLETED
    assert len(gemini.calls) == 1


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
    house: House, model: ImageModel, gemini: FakeGemini, reply: Reply, code: FailureCode
) -> None:
    gemini.answer_with(reply)
    upload_id = house.submitted(photo())
    house.pipeline(model).run(upload_id)
    house.pipeline(model).run(upload_id)

    upload = house.uploads.get(upload_id)
    assert (upload.error_code, len(gemini.calls)) == (code, 1)
    assert upload.status is Status.FAILED


def test_a_retry_of_an_answer_that_is_no_picture_asks_the_model_again(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(not_an_image())
    upload_id = house.submitted(photo())
    house.pipeline(model).run(upload_id)
    house.uploads.retry(upload_id, by="session:abc")
    house.pipeline(model).run(upload_id)

    assert house.uploads.get(upload_id).status is Status.COMPLETED
    assert len(gemini.calls) == 2


def test_a_photo_that_is_none_fails_at_10_and_costs_no_call(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = house.submitted(photo()[:2000])
    house.pipeline(model).run(upload_id)

    upload = house.uploads.get(upload_id)
    assert (upload.error_code, upload.progress) == (FailureCode.IMAGE_TRUNCATED, 10)
    assert gemini.calls == []


def test_a_clean_copy_that_the_storage_does_not_give_back_is_not_what_the_model_is_asked_about(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(status(503))
    upload_id = house.submitted(photo())
    house.pipeline(model).run(upload_id)
    house.blobs.put(clean_key(upload_id), io.BytesIO(b"<Error><Code>SlowDown</Code></Error>"), "image/jpeg")
    house.clock.time += timedelta(minutes=5)
    house.pipeline(model).run(upload_id)

    assert house.uploads.get(upload_id).status is Status.COMPLETED
    assert gemini.calls[0].sha256 == gemini.calls[1].sha256


def test_a_photo_that_is_gone_says_so(house: House, local: ImageModel) -> None:
    upload_id = house.submitted(photo())
    for key in list(house.blobs.keys(str(upload_id))):
        house.blobs.delete(key)
    house.pipeline(local).run(upload_id)

    assert house.uploads.get(upload_id).error_code is FailureCode.ORIGINAL_MISSING


def test_a_photo_of_which_the_storage_has_only_half_is_not_called_damaged(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    house.blobs = Half(house.blobs, "original")
    upload_id = house.submitted(photo())
    for _ in range(3):
        house.pipeline(model).run(upload_id)
        house.clock.time += timedelta(minutes=5)

    assert last(house, upload_id, Failed).code is FailureCode.ORIGINAL_MISSING
    assert gemini.calls == []


def test_an_answer_of_which_the_storage_has_only_half_is_neither_used_nor_paid_for_again(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = house.submitted(photo())
    house.pipeline(model, blobs=Broken(house.blobs, "full")).run(upload_id)
    (key,) = house.blobs.keys(answer_prefix(upload_id))
    house.blobs.put(key, io.BytesIO(house.blobs.get(key)[:100]), "application/msgpack")
    house.clock.time += timedelta(minutes=5)
    house.pipeline(model).run(upload_id)

    failed = last(house, upload_id, AttemptFailed)
    assert (failed.stage, failed.code) == (Stage.STORING, FailureCode.STORAGE_UNAVAILABLE)
    assert len(gemini.calls) == 1


def test_a_storage_that_keeps_halves_costs_one_call_and_a_retry_after_it_was_mended_starts_anew(
    house: House, model: ImageModel, gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.runs.stages.HOLD_SECONDS", (0, 0, 0))
    upload_id = house.submitted(photo())
    house.pipeline(model, blobs=Half(house.blobs, "generated")).run(upload_id)
    assert last(house, upload_id, Failed).code is FailureCode.STORAGE_UNAVAILABLE
    assert (house.uploads.get(upload_id).progress < 70, len(gemini.calls)) == (True, 1)
    house.uploads.retry(upload_id, by="session:abc")
    house.pipeline(model).run(upload_id)

    assert house.uploads.get(upload_id).status is Status.COMPLETED


def test_half_an_answer_that_a_killed_worker_left_is_never_shown_as_made_and_does_not_spoil_a_retry(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = house.submitted(photo())
    kill_while_it_holds_the_answer(house, model, upload_id, Half(house.blobs, "generated"))
    while not house.uploads.get(upload_id).ended:
        house.clock.time += timedelta(minutes=5)
        house.pipeline(model).run(upload_id)
    assert last(house, upload_id, Failed).code is FailureCode.STORAGE_UNAVAILABLE
    assert (house.uploads.get(upload_id).progress < 70, len(gemini.calls)) == (True, 1)
    house.uploads.retry(upload_id, by="session:abc")
    house.pipeline(model).run(upload_id)

    assert house.uploads.get(upload_id).status is Status.COMPLETED


def test_an_answer_is_held_whatever_goes_wrong_with_its_storage(
    house: House, model: ImageModel, gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.runs.stages.HOLD_SECONDS", (0, 0, 0))
    upload_id = house.submitted(photo())
    house.pipeline(model, blobs=Absurd(house.blobs, "generated", 3)).run(upload_id)
    assert house.uploads.get(upload_id).status is Status.COMPLETED

    upload_id = house.submitted(photo())
    house.pipeline(model, blobs=Absurd(house.blobs, "generated", 4)).run(upload_id)
    assert last(house, upload_id, Failed).code is FailureCode.STORAGE_UNAVAILABLE
    assert len(gemini.calls) == 2


def test_an_answer_that_is_no_picture_is_not_discarded_before_the_upload_has_failed(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(not_an_image())
    upload_id = house.submitted(photo())
    blobs = Wrapped(house.blobs, "none")
    ended: list[bool] = []

    def delete(key: str) -> None:
        ended.append(house.uploads.get(upload_id).ended)
        house.blobs.delete(key)

    blobs.delete = delete
    house.pipeline(model, blobs=blobs).run(upload_id)

    assert ended == [True]
    assert list(house.blobs.keys(answer_prefix(upload_id))) == []


def test_what_a_run_stores_of_an_upload_that_was_erased_meanwhile_is_taken_away_though_the_run_fails(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(after(1, status(400)))
    upload_id = house.submitted(photo())
    run = threading.Thread(target=partial(house.pipeline(model).run, upload_id))
    run.start()
    gemini.wait_for_calls(1)
    house.uploads.erase(upload_id, by="staff:x")
    run.join(20)

    assert list(house.blobs.keys(f"{upload_id}/")) == []


def test_storing_is_never_shown_before_the_picture_was_read_back(house: House, local: ImageModel) -> None:
    upload_id = house.submitted(photo())
    house.pipeline(local, blobs=Half(house.blobs, "full")).run(upload_id)

    upload = house.uploads.get(upload_id)
    assert (upload.reached, upload.progress, upload.result) == (Stage.GENERATING, 70, None)
    failed = last(house, upload_id, AttemptFailed)
    assert (failed.stage, failed.code) == (Stage.STORING, FailureCode.STORAGE_UNAVAILABLE)


def test_a_storage_that_says_no_fails_the_upload_once(house: House, local: ImageModel) -> None:
    upload_id = house.submitted(photo())
    house.pipeline(local, blobs=Forbidden(house.blobs, "full")).run(upload_id)

    failed = last(house, upload_id, Failed)
    assert (failed.stage, failed.code) == (Stage.STORING, FailureCode.STORAGE_REFUSED)


def test_an_attempt_that_another_one_has_overtaken_appends_nothing_more(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(after(2, picture()))
    upload_id = house.submitted(photo())
    frozen = threading.Thread(target=partial(house.pipeline(model, "frozen").run, upload_id))
    frozen.start()
    gemini.wait_for_calls(1)
    with house.pool.connection() as connection:  # as if its worker had missed its beats
        connection.execute("UPDATE leases SET expires_at = clock_timestamp()")
    house.pipeline(model, "second").run(upload_id)
    frozen.join(20)

    assert house.uploads.get(upload_id).status is Status.COMPLETED
    starts = [logged for logged in house.event_log.history(upload_id) if logged.name == "upload.attempt-started"]
    second = [logged for logged in house.event_log.history(upload_id) if logged.version > starts[1].version]
    assert {logged.event.actor for logged in second} == {"worker:second"}


def test_an_upload_that_a_live_run_holds_is_left_alone(house: House, local: ImageModel) -> None:
    upload_id = house.submitted(photo())
    assert Leases(house.pool, "other").take(upload_id)
    house.pipeline(local).run(upload_id)

    assert house.names(upload_id) == ["submitted"]


def test_a_cancel_in_the_middle_of_the_call_and_a_retry_pay_for_one_picture(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(after(2, picture()))
    upload_id = house.submitted(photo())
    run = threading.Thread(target=partial(house.pipeline(model, "first").run, upload_id))
    run.start()
    gemini.wait_for_calls(1)
    house.uploads.cancel(upload_id, by="session:abc")
    house.uploads.retry(upload_id, by="session:abc")
    house.pipeline(model, "second").run(upload_id)  # finds that the first run still holds it
    run.join(20)
    assert house.uploads.get(upload_id).attempt == 1
    house.pipeline(model, "second").run(upload_id)

    upload = house.uploads.get(upload_id)
    assert (upload.status, upload.attempt) == (Status.COMPLETED, 2)
    assert len(gemini.calls) == 1


def test_a_run_that_lives_elsewhere_is_not_taken_for_lost(house: House, local: ImageModel) -> None:
    upload_id = house.submitted(photo())
    assert Leases(house.pool, "other").take(upload_id)
    house.uploads.start_attempt(upload_id, by="worker:other")
    house.pipeline(local).run(upload_id)

    assert house.names(upload_id) == ["submitted", "attempt-started"]


def test_a_second_message_of_an_upload_that_runs_in_this_process_holds_no_thread(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(after(1, picture()))
    upload_id = house.submitted(photo())
    pipeline = house.pipeline(model)
    first = threading.Thread(target=partial(pipeline.run, upload_id))
    first.start()
    gemini.wait_for_calls(1)
    with house.pool.connection() as connection:
        connection.execute("UPDATE leases SET expires_at = clock_timestamp()")
    pipeline.run(upload_id)
    assert not house.uploads.get(upload_id).ended
    first.join(20)

    assert house.uploads.get(upload_id).status is Status.COMPLETED
    assert house.names(upload_id).count("attempt-started") == 1


def test_a_worker_that_stops_begins_nothing_more(house: House, local: ImageModel) -> None:
    upload_id = house.submitted(photo())
    queue = Sent()
    pipeline = house.pipeline(local, queue=queue)
    pipeline.stop_taking()
    pipeline.run(upload_id)

    assert house.names(upload_id) == ["submitted"]
    assert queue.sent == [upload_id], "another worker can go on at once"


def test_a_run_that_lost_its_lease_appends_nothing_though_no_other_attempt_has_begun(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(after(1, picture()))
    upload_id = house.submitted(photo())
    leases = Leases(house.pool, "frozen")
    run = threading.Thread(target=partial(house.pipeline(model, leases=leases).run, upload_id))
    run.start()
    gemini.wait_for_calls(1)
    with house.pool.connection() as connection:
        connection.execute("UPDATE leases SET expires_at = clock_timestamp()")
    assert Leases(house.pool, "other").take(upload_id)
    leases.beat()
    before = house.names(upload_id)
    run.join(20)

    assert house.names(upload_id) == before


def test_a_worker_that_stops_while_the_log_is_away_does_not_wait_for_it(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.always_answer_with(after(1, picture()))
    upload_id = house.submitted(photo())
    log = AwayLog(house.pool)
    house.uploads = Uploads(log, SilentNotifier())
    stopping = house.pipeline(model)
    run = threading.Thread(target=partial(stopping.run, upload_id))
    run.start()
    gemini.wait_for_calls(1)
    log.is_away = True
    stopping.stop()
    run.join(20)

    assert not run.is_alive()
    log.is_away = False
    assert house.uploads.get(upload_id).running


def test_a_run_gives_its_lease_back(house: House, local: ImageModel) -> None:
    upload_id = house.submitted(photo())
    house.pipeline(local).run(upload_id)

    assert Leases(house.pool, "other").take(upload_id)


def test_a_worker_that_stops_hands_its_runs_over_without_a_strike(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    gemini.answer_with(after(2, picture()))
    upload_id = house.submitted(photo())
    stopping = house.pipeline(model, "stopping")
    run = threading.Thread(target=partial(stopping.run, upload_id))
    run.start()
    gemini.wait_for_calls(1)
    stopping.stop()

    handed_over = house.uploads.get(upload_id)
    assert (handed_over.running, handed_over.attempts_left) == (False, 3)
    assert last(house, upload_id, AttemptFailed).code is FailureCode.WORKER_STOPPED
    house.pipeline(model, "next").run(upload_id)
    assert house.uploads.get(upload_id).status is Status.COMPLETED
    run.join(20)


def test_a_worker_that_stops_while_it_holds_an_answer_hands_the_upload_over_and_does_not_fail_it(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = house.submitted(photo())
    stopping = house.pipeline(model, blobs=Broken(house.blobs, "generated"))
    run = threading.Thread(target=partial(stopping.run, upload_id))
    run.start()
    gemini.wait_for_calls(1)
    stopping.stop()
    run.join(20)

    assert not run.is_alive()
    assert last(house, upload_id, AttemptFailed).code is FailureCode.WORKER_STOPPED


def test_a_log_that_is_away_for_a_moment_costs_the_upload_nothing(house: House, model: ImageModel) -> None:
    upload_id = house.submitted(photo())
    house.uploads = Uploads(ForgetfulLog(house.pool, 2), SilentNotifier())
    house.pipeline(model).run(upload_id)

    assert house.uploads.get(upload_id).status is Status.COMPLETED
    assert house.names(upload_id).count("attempt-started") == 1


def test_an_upload_whose_workers_all_died_is_given_up(house: House, local: ImageModel) -> None:
    upload_id = house.submitted(photo())
    for _ in range(3):
        house.uploads.start_attempt(upload_id, by="worker:doomed")
    house.pipeline(local).run(upload_id)

    assert last(house, upload_id, Failed).code is FailureCode.WORKER_LOST


def test_a_mistake_of_ours_fails_the_upload_and_not_the_worker(house: House) -> None:
    upload_id = house.submitted(photo())
    for _ in range(3):
        house.pipeline(Careless()).run(upload_id)
        house.clock.time += timedelta(minutes=5)

    failed = last(house, upload_id, Failed)
    assert (failed.stage, failed.code) == (Stage.GENERATING, FailureCode.INTERNAL_ERROR)


def kill_while_it_holds_the_answer(house: House, model: ImageModel, upload_id: UUID, blobs: BlobStore) -> None:
    """Leave what a worker leaves that is killed after its first try to keep an answer."""
    leases = Leases(house.pool, "killed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Attempt, "pause", killed)
        patch.setattr(Attempt, "try_again", killed)
        with pytest.raises(KilledError):
            house.pipeline(model, blobs=blobs, leases=leases).run(upload_id)


class KilledError(BaseException):
    """Its worker was killed."""


def killed(*_: object) -> None:
    raise KilledError


def last(house: House, upload_id: UUID, kind: type[E]) -> E:
    event = house.event_log.history(upload_id)[-1].event
    assert isinstance(event, kind)
    return event


class Sent:
    """A queue that remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[UUID] = []

    def send(self, upload_id: UUID) -> None:
        self.sent.append(upload_id)


class SpentMeanwhile(Calls):
    """A budget that has room when it is looked at, and none when a call is asked for."""

    def admit(self, upload_id: UUID, attempt: int) -> None:
        super().admit(uuid4(), 1)
        super().admit(upload_id, attempt)


class Careless:
    """An image model with a bug."""

    name = "careless"
    expected_seconds = 1.0

    def prepare(self) -> None:
        pass

    def generate(self, clean_jpeg: bytes, prompt: str) -> Answer:
        raise ZeroDivisionError


class Wrapped:
    """A storage in which something goes wrong with one kind of picture."""

    def __init__(self, blobs: BlobStore, kind: str) -> None:
        self._blobs = blobs
        self._kind = kind
        self.get, self.keys, self.delete = blobs.get, blobs.keys, blobs.delete
        self.signed_url, self.ping = blobs.signed_url, blobs.ping

    def put(self, key: str, body: BinaryIO, media_type: str) -> None:
        if f"/{self._kind}" in key:
            body = self.meddle(body)
        self._blobs.put(key, body, media_type)

    def meddle(self, body: BinaryIO) -> BinaryIO:
        raise NotImplementedError


class Broken(Wrapped):
    """It does not answer."""

    def meddle(self, body: BinaryIO) -> BinaryIO:
        raise StorageUnavailableError


class Forbidden(Wrapped):
    """It says no."""

    def meddle(self, body: BinaryIO) -> BinaryIO:
        raise StorageRefusedError


class Half(Wrapped):
    """It keeps half of what it is given, and says nothing."""

    def meddle(self, body: BinaryIO) -> BinaryIO:
        content = body.read()
        return io.BytesIO(content[: len(content) // 2])


class Absurd(Wrapped):
    """Its driver has a bug that shows a few times."""

    def __init__(self, blobs: BlobStore, kind: str, times: int) -> None:
        super().__init__(blobs, kind)
        self._times = times

    def meddle(self, body: BinaryIO) -> BinaryIO:
        self._times -= 1
        if self._times >= 0:
            raise ZeroDivisionError
        return body


class AwayLog(EventLog):
    """A log that takes nothing while it is away."""

    is_away = False

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        if self.is_away:
            raise LogUnavailableError
        return super().insert_events(stored_events)


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
