"""The dispatcher sends a run for every submission and retry, each once, though the queue be slow or away."""

import pytest

from domain.errors import QueueUnavailableError
from domain.stages import Stage
from domain.upload import Upload
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from tests.integration.readers.reading import FakeTime, Pool, Queue
from tests.submissions import run_to, submit
from workers.queue.actors import SENDING_SECONDS
from workers.queue.dispatcher import dispatcher


def test_submissions_retries_and_requeues_become_runs_and_nothing_else_does(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue
) -> None:
    first, second = submit(uploads), submit(uploads)
    run_to(uploads, first.id, Stage.COMPLETE)
    uploads.execute(second.id, Upload.cancel, by="session:abc")
    uploads.execute(second.id, Upload.retry, by="session:abc")
    uploads.execute(second.id, Upload.requeue, by="staff:erika")
    dispatcher(event_log, pool, queue).catch_up()

    assert queue.sent == [first.id, second.id, second.id, second.id]


def test_a_run_that_could_not_be_sent_is_sent_later(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue
) -> None:
    upload = submit(uploads)
    reader = dispatcher(event_log, pool, queue)
    queue.away = True
    with pytest.raises(QueueUnavailableError):
        reader.catch_up()
    queue.away = False
    reader.catch_up()

    assert queue.sent == [upload.id]


def test_a_page_that_a_slow_queue_takes_too_long_for_is_sent_in_parts_and_nothing_twice(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_ids = [submit(uploads).id for _ in range(5)]
    clock = FakeTime()
    monkeypatch.setattr("workers.queue.dispatcher.monotonic", clock.monotonic)
    queue.on_send = lambda: setattr(clock, "now", clock.now + SENDING_SECONDS * 0.7)
    reader = dispatcher(event_log, pool, queue)
    reader.step()
    assert (len(queue.sent), reader.position()) == (2, 2)
    reader.catch_up()

    assert queue.sent == upload_ids
    assert reader.position() == event_log.last_position()
