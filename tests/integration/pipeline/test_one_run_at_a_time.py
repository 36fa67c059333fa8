"""Of the runs of one upload, the one that holds its lease appends, and no other."""

import pytest

from domain.events import Failed
from domain.failures import FailureCode
from domain.stages import Status
from domain.upload import Upload
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import status
from tests.integration.pipeline.held_run import HeldRun
from tests.integration.pipeline.rig import PipelineRig, last
from tests.photos.variants import photo
from workers.queue.leases import Leases
from workers.vision.model import ImageModel


def test_what_a_run_stores_of_an_upload_that_was_erased_meanwhile_is_taken_away_though_the_run_fails(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = rig.submitted(photo())
    with HeldRun(rig.pipeline(model), upload_id, gemini, status(400)):
        rig.uploads.erase(upload_id, by="staff:x")

    assert list(rig.blobs.keys(f"{upload_id}/")) == []


def test_an_attempt_that_another_one_has_overtaken_appends_nothing_more(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = rig.submitted(photo())
    with HeldRun(rig.pipeline(model, "frozen"), upload_id, gemini):
        rig.let_leases_expire()
        rig.pipeline(model, "second").run(upload_id)

    assert rig.uploads.get(upload_id).status is Status.COMPLETED
    starts = [logged for logged in rig.event_log.history(upload_id) if logged.name == "upload.attempt-started"]
    second = [logged for logged in rig.event_log.history(upload_id) if logged.version > starts[1].version]
    assert {logged.event.actor for logged in second} == {"worker:second"}


def test_an_upload_that_a_live_run_holds_is_left_alone(rig: PipelineRig, local: ImageModel) -> None:
    upload_id = rig.submitted(photo())
    assert Leases(rig.pool, "other").take(upload_id)
    rig.pipeline(local).run(upload_id)

    assert rig.names(upload_id) == ["submitted"]


def test_a_cancel_in_the_middle_of_the_call_and_a_retry_pay_for_one_picture(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = rig.submitted(photo())
    with HeldRun(rig.pipeline(model, "first"), upload_id, gemini):
        rig.uploads.execute(upload_id, Upload.cancel, by="session:abc")
        rig.uploads.execute(upload_id, Upload.retry, by="session:abc")
        rig.pipeline(model, "second").run(upload_id)  # finds that the first run still holds it
    assert rig.uploads.get(upload_id).attempt == 1
    rig.pipeline(model, "second").run(upload_id)

    upload = rig.uploads.get(upload_id)
    assert (upload.status, upload.attempt) == (Status.COMPLETED, 2)
    assert len(gemini.calls) == 1


def test_a_run_that_lives_elsewhere_is_not_taken_for_lost(rig: PipelineRig, local: ImageModel) -> None:
    upload_id = rig.submitted(photo())
    assert Leases(rig.pool, "other").take(upload_id)
    rig.uploads.start_attempt(rig.uploads.get(upload_id), by="worker:other")
    rig.pipeline(local).run(upload_id)

    assert rig.names(upload_id) == ["submitted", "attempt-started"]


def test_a_second_message_of_an_upload_that_runs_in_this_process_holds_no_thread(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = rig.submitted(photo())
    pipeline = rig.pipeline(model)
    with HeldRun(pipeline, upload_id, gemini):
        rig.let_leases_expire()
        pipeline.run(upload_id)
        assert not rig.uploads.get(upload_id).ended

    assert rig.uploads.get(upload_id).status is Status.COMPLETED
    assert rig.names(upload_id).count("attempt-started") == 1


def test_a_run_that_lost_its_lease_appends_nothing_though_no_other_attempt_has_begun(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.runs.progress.TICK_SECONDS", 600)  # no append may be under way when the lease is lost
    upload_id = rig.submitted(photo())
    leases = Leases(rig.pool, "frozen")
    with HeldRun(rig.pipeline(model, leases=leases), upload_id, gemini):
        rig.let_leases_expire()
        assert Leases(rig.pool, "other").take(upload_id)
        leases.beat()
        before = rig.names(upload_id)

    assert rig.names(upload_id) == before


def test_a_run_gives_its_lease_back(rig: PipelineRig, local: ImageModel) -> None:
    upload_id = rig.submitted(photo())
    rig.pipeline(local).run(upload_id)

    assert Leases(rig.pool, "other").take(upload_id)


def test_an_upload_whose_workers_all_died_is_given_up(rig: PipelineRig, local: ImageModel) -> None:
    upload_id = rig.submitted(photo())
    for _ in range(3):
        rig.uploads.start_attempt(rig.uploads.get(upload_id), by="worker:doomed")
    rig.pipeline(local).run(upload_id)

    assert last(rig, upload_id, Failed).code is FailureCode.WORKER_LOST
