"""What staff ask of an upload: its events name the person, the reason and the request."""

from uuid import UUID

import pytest

from domain.errors import UploadEndedError
from domain.events import Erased, Failed, Requeued, Retried
from domain.failures import FailureCode
from domain.staff import StaffRequest
from domain.stages import Stage
from tests.unit.histories import History, submitted

EVENT_ID = UUID("2e6fd7d8-3f8e-5a55-9a62-3a54f8a4c1d0")
ASKED = StaffRequest("The owner asked.", "request-1", EVENT_ID)
ERIKA = "staff:erika"


def facts(event: Failed | Retried | Requeued | Erased | None) -> tuple[object, ...]:
    assert event
    return event.actor, event.reason, event.request_id, event.event_id


@pytest.mark.parametrize(
    "waiting",
    [
        submitted().reached(Stage.GENERATING).attempt_failed(),
        submitted().reached(Stage.GENERATING).attempt_failed().put_off(),
    ],
    ids=["backing off", "put off"],
)
def test_an_upload_that_waits_may_go_on_at_once(waiting: History) -> None:
    assert waiting.upload.retry_at

    event = waiting.upload.requeue(by=ERIKA, request=ASKED)
    upload = waiting.then(event).upload

    assert facts(event) == (ERIKA, "The owner asked.", "request-1", EVENT_ID)
    assert (upload.retry_at, upload.waiting_for, upload.attempts_left) == (None, None, 2)


def test_a_requeue_changes_neither_the_attempt_under_way_nor_its_stage() -> None:
    running = submitted().reached(Stage.STORING)
    before = running.upload

    upload = running.then(before.requeue(by=ERIKA)).upload

    assert (upload.running, upload.attempt, upload.reached, upload.progress) == (True, 1, Stage.STORING, 80)


@pytest.mark.parametrize(
    ("history", "told"),
    [
        (submitted().reached(Stage.COMPLETE), "nothing left to do"),
        (submitted().started().failed(), "Retry it instead"),
    ],
    ids=["complete", "failed"],
)
def test_what_has_ended_is_not_re_enqueued(history: History, told: str) -> None:
    with pytest.raises(UploadEndedError, match=told):
        history.upload.requeue(by=ERIKA, request=ASKED)


def test_a_retry_a_cancel_and_an_erasure_name_person_reason_and_request() -> None:
    running = submitted().reached(Stage.GENERATING)
    cancelled = running.upload.cancel(by=ERIKA, request=ASKED)
    failed = running.then(cancelled).upload
    expected = (ERIKA, "The owner asked.", "request-1", EVENT_ID)

    assert facts(cancelled) == expected
    assert cancelled
    assert cancelled.code is FailureCode.CANCELLED
    assert facts(failed.retry(by=ERIKA, request=ASKED)) == expected
    assert facts(failed.erase(by=ERIKA, request=ASKED)) == expected


def test_the_owner_and_the_service_give_no_reason() -> None:
    running = submitted().reached(Stage.GENERATING)
    failed = running.upload.cancel(by="session:abc")
    assert failed
    assert (failed.reason, failed.request_id) == (None, None)
    assert failed.event_id != EVENT_ID
