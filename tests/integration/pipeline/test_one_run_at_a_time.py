"""Of the runs of one upload, the one that holds its lease appends, and no other."""

import pytest

from domain.events import Failed
from domain.failures import FailureCode
from domain.stages import Status
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import status
from tests.integration.pipeline.held_run import HeldRun
from tests.integration.pipeline.house import House, last
from tests.photos.variants import photo
from workers.queue.leases import Leases
from workers.vision.model import ImageModel


def test_what_a_run_stores_of_an_upload_that_was_erased_meanwhile_is_taken_away_though_the_run_fails(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = house.submitted(photo())
    with HeldRun(house.pipeline(model), upload_id, gemini, status(400)):
        house.uploads.erase(upload_id, by="staff:x")

    assert list(house.blobs.keys(f"{upload_id}/")) == []


def test_an_attempt_that_another_one_has_overtaken_appends_nothing_more(
    house: House, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = house.submitted(photo())
    with HeldRun(house.pipeline(model, "frozen"), upload_id, gemini):
        house.let_leases_expire()
        house.pipeline(model, "second").run(upload_id)

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
    upload_id = house.submitted(photo())
    with HeldRun(house.pipeline(model, "first"), upload_id, gemini):
        house.uploads.cancel(upload_id, by="session:abc")
        house.uploads.retry(upload_id, by="session:abc")
        house.pipeline(model, "second").run(upload_id)  # finds that the first run still holds it
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
    upload_id = house.submitted(photo())
    pipeline = house.pipeline(model)
    with HeldRun(pipeline, upload_id, gemini):
        house.let_leases_expire()
        pipeline.run(upload_id)
        assert not house.uploads.get(upload_id).ended

    assert house.uploads.get(upload_id).status is Status.COMPLETED
    assert house.names(upload_id).count("attempt-started") == 1


def test_a_run_that_lost_its_lease_appends_nothing_though_no_other_attempt_has_begun(
    house: House, model: ImageModel, gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.runs.progress.TICK_SECONDS", 600)  # no append may be under way when the lease is lost
    upload_id = house.submitted(photo())
    leases = Leases(house.pool, "frozen")
    with HeldRun(house.pipeline(model, leases=leases), upload_id, gemini):
        house.let_leases_expire()
        assert Leases(house.pool, "other").take(upload_id)
        leases.beat()
        before = house.names(upload_id)

    assert house.names(upload_id) == before


def test_a_run_gives_its_lease_back(house: House, local: ImageModel) -> None:
    upload_id = house.submitted(photo())
    house.pipeline(local).run(upload_id)

    assert Leases(house.pool, "other").take(upload_id)


def test_an_upload_whose_workers_all_died_is_given_up(house: House, local: ImageModel) -> None:
    upload_id = house.submitted(photo())
    for _ in range(3):
        house.uploads.start_attempt(upload_id, by="worker:doomed")
    house.pipeline(local).run(upload_id)

    assert last(house, upload_id, Failed).code is FailureCode.WORKER_LOST
