"""Of the runs of one upload, the one that holds its lease appends, and no other."""

import threading
from functools import partial

from domain.events import Failed
from domain.failures import FailureCode
from domain.stages import Status
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import after, picture, status
from tests.integration.pipeline.house import House, last
from tests.photos.variants import photo
from workers.queue.leases import Leases
from workers.vision.model import ImageModel


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
