"""What staff do to an upload: each action is an event that names the person, the reason and the request."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.failures import FailureCode
from domain.stages import Stage
from tests.integration.api.service import error_of
from tests.integration.support.desk import REASON, Desk

ACTIONS = {"retry": 202, "cancel": 202, "requeue": 202, "erase": 200}


def fit_for(desk: Desk, action: str) -> UUID:
    """An upload for which the action makes sense."""
    if action == "retry":
        return desk.lives.failed(Stage.GENERATING)
    return desk.lives.complete() if action == "erase" else desk.lives.submitted()


def names(desk: Desk, upload_id: UUID) -> list[str]:
    return [logged.name for logged in desk.lives.log.history(upload_id)]


def last(desk: Desk, upload_id: UUID) -> dict[str, Any]:
    return desk.lives.log.history(upload_id)[-1].facts


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_appends_an_event_with_person_reason_and_request(desk: Desk, action: str) -> None:
    upload_id = fit_for(desk, action)
    response = desk.act(action, upload_id, by="adam", reason=f"  {REASON} ", X_Request_ID="request-7")

    assert response.status_code == ACTIONS[action], response.text
    body = response.json()
    assert (body["success"], body["jobId"], body["action"], body["changed"]) == (True, str(upload_id), action, True)
    assert body["next"].endswith(".")
    facts = last(desk, upload_id)
    assert (facts["actor"], facts["reason"]) == ("staff:adam", REASON)
    assert re.fullmatch(r"[0-9a-f]{32}", facts["request_id"]), "our own id, and not the one that a client writes"
    (deed,) = desk.deeds(upload_id)
    assert (deed.actor, deed.reason, deed.request_id) == ("staff:adam", REASON, facts["request_id"])


def test_each_action_leads_where_it_says(desk: Desk) -> None:
    retried = desk.act("retry", fit_for(desk, "retry")).json()
    running = desk.lives.reached(Stage.GENERATING)
    cancelled = desk.act("cancel", running).json()

    assert (retried["status"], retried["stage"], retried["progress"]) == ("processing", "generating", 30)
    assert "attempt 2 begins at the stage generating" in retried["next"]
    assert (cancelled["status"], cancelled["progress"]) == ("failed", 30)
    assert last(desk, running)["code"] == "CANCELLED"


def test_a_requeue_ends_a_wait(desk: Desk) -> None:
    upload_id = desk.lives.backing_off()

    assert desk.act("requeue", upload_id).status_code == 202
    upload = desk.lives.uploads.get(upload_id)
    assert (upload.retry_at, upload.waiting_for) == (None, None)


def test_an_erasure_deletes_photo_and_pictures_also_of_an_upload_that_runs(desk: Desk) -> None:
    complete, running = desk.lives.complete(), desk.lives.reached(Stage.STORING)
    for upload_id in (complete, running):
        done = desk.act("erase", upload_id, by="adam").json()
        assert (done["changed"], done["version"]) == (True, len(names(desk, upload_id)))
        assert list(desk.service.store.keys(str(upload_id))) == []
        assert desk.lives.uploads.get(upload_id).erased
    assert names(desk, running)[-2:] == ["upload.failed", "upload.erased"]
    again = desk.act("erase", complete, by="adam")
    assert (again.status_code, again.json()["changed"]) == (200, False)


@pytest.mark.parametrize(
    ("action", "stage", "told"),
    [
        ("retry", None, "This upload is pending. Only a failed one can be retried."),
        ("retry", Stage.COMPLETE, "This upload is completed. Only a failed one can be retried."),
        ("cancel", Stage.COMPLETE, "This upload has ended (complete)"),
        ("requeue", Stage.COMPLETE, "There is nothing left to do."),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(desk: Desk, action: str, stage: Stage | None, told: str) -> None:
    upload_id = desk.lives.reached(stage) if stage else desk.lives.submitted()
    before = names(desk, upload_id)
    response = desk.act(action, upload_id)

    assert error_of(response) == (409, "CONFLICT")
    assert told in response.json()["error"]["message"]
    assert names(desk, upload_id) == before


def test_a_failed_upload_is_retried_and_not_re_enqueued(desk: Desk) -> None:
    response = desk.act("requeue", desk.lives.failed(Stage.GENERATING))
    assert "Retry it instead." in response.json()["error"]["message"]
    blocked = desk.act("retry", desk.lives.failed(Stage.GENERATING, FailureCode.CONTENT_BLOCKED))
    assert error_of(blocked) == (409, "CONFLICT")


def test_an_upload_that_a_live_run_holds_is_not_re_enqueued(desk: Desk) -> None:
    upload_id = desk.lives.reached(Stage.GENERATING)
    desk.lives.execute("INSERT INTO leases VALUES (%s, 'w1', clock_timestamp() + interval '9 s')", upload_id)
    refused = desk.act("requeue", upload_id)
    assert error_of(refused) == (409, "CONFLICT")
    assert "The worker w1 runs this upload now" in refused.json()["error"]["message"]
    desk.lives.execute("UPDATE leases SET expires_at = clock_timestamp()")
    assert desk.act("requeue", upload_id).status_code == 202


def test_a_cancelled_upload_is_cancelled_once(desk: Desk) -> None:
    upload_id = desk.lives.submitted()
    first, second = (desk.act("cancel", upload_id) for _ in range(2))
    assert (first.json()["changed"], second.json()["changed"]) == (True, False)
    assert names(desk, upload_id) == ["upload.submitted", "upload.failed"]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_repeated_request_is_carried_out_once_and_answered_alike(desk: Desk, action: str) -> None:
    upload_id = fit_for(desk, action)
    first = desk.act(action, upload_id, by="adam", Idempotency_Key="key-1")
    after = names(desk, upload_id)
    if action == "retry":
        desk.lives.run(upload_id, Stage.COMPLETE)  # what happens since does not change the answer
        after = names(desk, upload_id)
    second = desk.act(action, upload_id, by="adam", Idempotency_Key="key-1")

    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert names(desk, upload_id) == after


def test_the_same_request_at_the_same_time_is_carried_out_once(desk: Desk) -> None:
    upload_id = fit_for(desk, "retry")

    def send(_: int) -> httpx.Response:
        return desk.act("retry", upload_id, Idempotency_Key="key-1")

    with ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(send, range(5)))
    assert [answer.status_code for answer in answers] == [202] * 5
    assert len({answer.text for answer in answers}) == 1
    assert names(desk, upload_id).count("upload.retried") == 1


def test_a_key_that_was_used_otherwise_is_a_conflict(desk: Desk) -> None:
    upload_id = fit_for(desk, "retry")
    desk.act("retry", upload_id, Idempotency_Key="key-1")

    for other in (
        desk.act("cancel", upload_id, Idempotency_Key="key-1"),
        desk.act("retry", upload_id, reason="Another reason.", Idempotency_Key="key-1"),
    ):
        assert error_of(other) == (422, "IDEMPOTENCY_CONFLICT")
    assert desk.act("cancel", upload_id, by="adam", Idempotency_Key="key-1").status_code == 202
    assert error_of(desk.act("cancel", upload_id, Idempotency_Key="two words")) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("reason", [None, "", "  ", 7, ["x"], "x" * 501, "a\nb", "erika@example.com", "IMG_1.jpg"])
def test_without_a_reason_nothing_is_done(desk: Desk, action: str, reason: object) -> None:
    upload_id = fit_for(desk, action)
    before = names(desk, upload_id)
    assert error_of(desk.act(action, upload_id, by="adam", reason=reason)) == (400, "BAD_REQUEST")
    assert names(desk, upload_id) == before


@pytest.mark.parametrize(
    ("body", "media_type", "told"),
    [
        (b"", "application/json", "Give a reason"),
        (b"{}", "application/json", "Give a reason"),
        (b"{", "application/json", "no JSON object"),
        (b"[]", "application/json", "no JSON object"),
        (b'"x"', "application/json", "no JSON object"),
        (b"[" * 10_000, "application/json", "no JSON object"),
        (b'{"reason": "\xff"}', "application/json", "no JSON object"),
        (b'{"reason": "x", "by": "adam"}', "application/json", "There is no field 'by'"),
        (b'{"reason": "x"}', "text/plain", "'text/plain'. Send it as application/json"),
        (b"reason=x", "application/x-www-form-urlencoded", "Send it as application/json"),
        (b" " * 20_000, "application/json", "more than 16384 bytes"),
    ],
)
def test_a_body_that_is_none_is_refused(desk: Desk, body: bytes, media_type: str, told: str) -> None:
    path = f"/api/support/uploads/{desk.lives.submitted()}/cancel"
    headers = {**desk.signed("agnes"), "Content-Type": media_type}
    response = desk.service.client.post(path, content=body, headers=headers)
    assert error_of(response) == (400, "BAD_REQUEST")
    assert told in response.json()["error"]["message"]
