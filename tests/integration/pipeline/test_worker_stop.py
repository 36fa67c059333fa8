"""A worker that stops hands its runs over, and begins none."""

import threading
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from domain.errors import LogUnavailableError
from domain.events import AttemptFailed
from domain.failures import FailureCode
from domain.stages import Status
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import after, picture
from tests.fakes.silent_notifier import SilentNotifier
from tests.integration.pipeline.house import House, last
from tests.integration.pipeline.storages import Broken
from tests.photos.variants import photo
from workers.vision.model import ImageModel


def test_a_worker_that_stops_begins_nothing_more(house: House, local: ImageModel) -> None:
    upload_id = house.submitted(photo())
    queue = Sent()
    pipeline = house.pipeline(local, queue=queue)
    pipeline.stop_taking()
    pipeline.run(upload_id)

    assert house.names(upload_id) == ["submitted"]
    assert queue.sent == [upload_id], "another worker can go on at once"


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
