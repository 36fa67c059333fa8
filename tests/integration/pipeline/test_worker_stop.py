"""A worker that stops hands its runs over, and begins none."""

from collections.abc import Sequence
from threading import Thread
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from domain.errors import LogUnavailableError
from domain.events import AttemptFailed
from domain.failures import FailureCode
from domain.stages import Status
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from tests.fakes.gemini import FakeGemini
from tests.fakes.silent_notifier import SilentNotifier
from tests.integration.pipeline.held_run import HeldRun
from tests.integration.pipeline.rig import PipelineRig, last
from tests.integration.pipeline.storages import Broken
from tests.photos.variants import photo
from tests.waiting import until
from workers.vision.model import ImageModel


def test_a_worker_that_stops_begins_nothing_more(rig: PipelineRig, local: ImageModel) -> None:
    upload_id = rig.submitted(photo())
    queue = Sent()
    pipeline = rig.pipeline(local, queue=queue)
    pipeline.stop_taking()
    pipeline.run(upload_id)

    assert rig.names(upload_id) == ["submitted"]
    assert queue.sent == [upload_id], "another worker can go on at once"


def test_a_worker_that_stops_while_the_log_is_away_does_not_wait_for_it(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = rig.submitted(photo())
    log = AwayLog(rig.pool)
    rig.uploads = Uploads(log, SilentNotifier())
    stopping = rig.pipeline(model)
    with HeldRun(stopping, upload_id, gemini):
        log.is_away = True
        stopping.stop()

    log.is_away = False
    assert rig.uploads.get(upload_id).running


def test_a_worker_that_stops_hands_its_runs_over_without_a_failed_attempt(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = rig.submitted(photo())
    stopping = rig.pipeline(model, "stopping")
    with HeldRun(stopping, upload_id, gemini):
        stopping.stop()

        handed_over = rig.uploads.get(upload_id)
        assert (handed_over.running, handed_over.attempts_left) == (False, 3)
        assert last(rig, upload_id, AttemptFailed).code is FailureCode.WORKER_STOPPED
        rig.pipeline(model, "next").run(upload_id)
        assert rig.uploads.get(upload_id).status is Status.COMPLETED


def test_a_worker_that_stops_while_it_holds_an_answer_hands_the_upload_over_and_does_not_fail_it(
    rig: PipelineRig, model: ImageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.runs.stages.HOLD_SECONDS", (600,))
    upload_id = rig.submitted(photo())
    blobs = Broken(rig.blobs, "generated")
    stopping = rig.pipeline(model, blobs=blobs)
    run = Thread(target=stopping.run, args=(upload_id,))
    run.start()
    until(blobs.meddled.is_set, "the answer does not come")
    stopping.stop()
    run.join(60)

    assert not run.is_alive()
    assert last(rig, upload_id, AttemptFailed).code is FailureCode.WORKER_STOPPED


class Sent:
    """A queue that remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[UUID] = []

    def send(self, upload_id: UUID) -> None:
        self.sent.append(upload_id)


class AwayLog(EventLog):
    """A log that takes nothing while it is away."""

    is_away = False

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        if self.is_away:
            raise LogUnavailableError
        return super().insert_events(stored_events)
