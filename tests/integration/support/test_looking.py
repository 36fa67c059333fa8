"""What staff are shown of one upload: its timeline, and the state that it had."""

from datetime import UTC, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.failures import MESSAGES, FailureCode
from domain.staff import StaffRequest
from domain.stages import Stage
from domain.upload import Upload
from tests.integration.api.service import error_of, moment
from tests.integration.support.desk import Desk
from tests.lives import Lives, soon
from tests.submissions import WORKER


def state(desk: Desk, upload_id: object, **at: object) -> dict[str, Any]:
    response = desk.get(f"uploads/{upload_id}", by="vera", **at)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def troubled(lives: Lives) -> UUID:
    """An upload that had every kind of trouble, and was erased."""
    upload_id = lives.reached(Stage.GENERATING)
    lives.uploads.start_attempt(lives.uploads.get(upload_id), by="worker:second")
    lives.uploads.execute(
        upload_id,
        Upload.fail_attempt,
        FailureCode.GENERATION_UNAVAILABLE,
        soon(),
        stage=Stage.GENERATING,
        attempt=2,
        by="worker:second",
    )
    lives.uploads.execute(upload_id, Upload.put_off, FailureCode.GENERATION_PAUSED, soon(), by="worker:second")
    request = StaffRequest("It waited long enough.", "request-1")
    lives.uploads.execute(upload_id, Upload.requeue, by="staff:agnes", request=request)
    lives.uploads.execute(upload_id, Upload.cancel, by="staff:agnes", request=request)
    lives.uploads.execute(upload_id, Upload.retry, by="session:0")
    lives.uploads.erase(upload_id, by="staff:adam", request=request)
    return upload_id


def hold(lives: Lives, upload_id: UUID) -> None:
    lives.execute("INSERT INTO leases VALUES (%s, 'w1', clock_timestamp() + interval '9 s')", upload_id)


def test_every_event_is_shown_with_its_time_actor_attempt_and_reason(desk: Desk) -> None:
    upload_id = troubled(desk.lives)
    body = desk.timeline(upload_id)

    history = desk.lives.log.history(upload_id)
    assert [event["version"] for event in body["events"]] == [logged.version for logged in history]
    assert [moment(event["recordedAt"]) for event in body["events"]] == [logged.recorded_at for logged in history]
    told = {event["name"]: (event["actor"], event["code"], event["reason"]) for event in body["events"]}
    assert told["upload.attempt-failed"] == ("worker:second", "GENERATION_UNAVAILABLE", None)
    assert told["upload.requeued"] == ("staff:agnes", None, "It waited long enough.")
    assert told["upload.erased"] == ("staff:adam", None, "It waited long enough.")
    assert body["events"][3] | {"recordedAt": ""} == {
        "version": 4,
        "name": "upload.stage-advanced",
        "recordedAt": "",
        "actor": WORKER,
        "attempt": 1,
        "stage": "generating",
        "progress": 30,
        "code": None,
        "reason": None,
        "note": None,
        "requestId": None,
        "retryAt": None,
    }


def test_a_failure_is_of_the_attempt_that_it_ended(desk: Desk) -> None:
    failed, waited = desk.lives.failed(Stage.GENERATING), troubled(desk.lives)
    attempts = [
        [event["attempt"] for event in desk.timeline(upload_id)["events"] if event["name"] == "upload.failed"]
        for upload_id in (failed, waited)
    ]

    assert attempts == [[1], [None, None]], "the second was cancelled between two attempts, and then erased"
    last = len(desk.lives.log.history(failed))
    assert state(desk, failed, version=last)["event"]["attempt"] == 1


def test_the_spans_are_the_whole_time_of_the_upload(desk: Desk) -> None:
    body = desk.timeline(troubled(desk.lives))

    spans, events = body["spans"], body["events"]
    assert [span["kind"] for span in spans] == [
        "waiting",
        "held",
        "stage",
        "lost",
        "stage",
        "backoff",
        "put-off",
        "waiting",
        "ended",
        "waiting",
        "ended",
    ]
    assert (spans[0]["from"], spans[-1]["to"]) == (events[0]["recordedAt"], events[-1]["recordedAt"])
    assert all(before["to"] == after["from"] for before, after in pairwise(spans))
    assert round(sum(span["seconds"] for span in spans), 6) == body["seconds"]
    assert round(sum(body["parts"].values()), 6) == body["seconds"]
    assert [span["worker"] for span in spans[1:5]] == ["test", "test", "test", "second"]
    assert body["isTerminal"] is True


def test_an_upload_under_way_is_held_until_now(desk: Desk) -> None:
    upload_id = desk.lives.reached(Stage.GENERATING)
    assert desk.timeline(upload_id)["spans"][-1]["kind"] == "lost"
    hold(desk.lives, upload_id)
    body = desk.timeline(upload_id)

    assert (body["worker"], body["isTerminal"], body["failure"]) == ("w1", False, None)
    assert (body["spans"][-1]["kind"], body["spans"][-1]["stage"]) == ("stage", "generating")
    assert body["spans"][-1]["to"] == body["now"]


def test_a_failure_is_told_with_what_its_owner_reads_and_whether_a_retry_can_help(desk: Desk) -> None:
    blocked = desk.timeline(desk.lives.failed(Stage.GENERATING, FailureCode.CONTENT_BLOCKED))
    empty = desk.timeline(desk.lives.failed(Stage.GENERATING))

    message = MESSAGES[FailureCode.CONTENT_BLOCKED]
    expected = {"code": "CONTENT_BLOCKED", "stage": "generating", "message": message, "canRetry": False}
    assert expected.items() <= blocked["failure"].items()
    assert "another photo" in blocked["failure"]["advice"]
    assert empty["failure"]["canRetry"] is True


def test_an_event_that_cannot_be_read_is_shown_all_the_same(desk: Desk) -> None:
    upload_id = desk.lives.submitted()
    desk.lives.insert(upload_id, 2, "upload.teleported", stage=7, attempt="x", reason=["x"])
    body = desk.timeline(upload_id)

    assert [event["name"] for event in body["events"]] == ["upload.submitted", "upload.teleported"]
    assert (body["events"][1]["stage"], body["events"][1]["attempt"], body["status"]) == (None, None, None)
    assert "upload.teleported at version 2" in body["unreadable"]
    assert [span["kind"] for span in body["spans"]] == ["waiting"]


def test_a_clock_that_stepped_back_is_told(desk: Desk) -> None:
    upload_id = desk.lives.complete()
    assert desk.timeline(upload_id)["clockSteppedBack"] is False
    desk.lives.execute("ALTER TABLE event_log DISABLE TRIGGER event_log_is_append_only")
    desk.lives.execute("UPDATE event_log SET recorded_at = recorded_at - interval '1 hour' WHERE version = 5")
    body = desk.timeline(upload_id)

    assert body["clockSteppedBack"] is True
    assert all(span["seconds"] >= 0 for span in body["spans"])
    assert round(sum(span["seconds"] for span in body["spans"]), 6) == body["seconds"]


def test_as_it_was_after_each_event_is_the_fold_and_what_the_poller_read(desk: Desk) -> None:
    upload_id, token = desk.service.submitted()
    desk.service.complete(upload_id)
    last = len(desk.lives.log.history(upload_id))

    for version in range(1, last + 1):
        then, upload = state(desk, upload_id, version=version), desk.lives.uploads.get(upload_id, version=version)
        assert (then["version"], then["lastVersion"], then["event"]["version"]) == (version, last, version)
        assert (then["status"], then["stage"], then["progress"]) == (upload.status, upload.stage, upload.progress)
        assert (then["attempt"], then["running"]) == (upload.attempt, upload.running)
        assert (then["told"]["status"], then["told"]["version"]) == (upload.status, version)
    now = desk.service.poll(upload_id, token).json()
    assert state(desk, upload_id)["told"] == now
    changes = {change["field"]: (change["before"], change["after"]) for change in state(desk, upload_id)["changes"]}
    assert changes["progress"] == (90, 100)
    assert changes["running"] == (True, False)


def test_as_it_was_at_a_time_is_the_last_event_until_then(desk: Desk) -> None:
    upload_id = desk.lives.complete()
    history = desk.lives.log.history(upload_id)

    for logged in history:
        assert state(desk, upload_id, at=logged.recorded_at.isoformat())["version"] == logged.version
    just_before = history[4].recorded_at - timedelta(microseconds=1)
    assert state(desk, upload_id, at=just_before.isoformat())["version"] == 4
    early = history[0].recorded_at - timedelta(seconds=1)
    response = desk.get(f"uploads/{upload_id}", at=early.isoformat())
    assert error_of(response) == (404, "NOT_FOUND")
    message = response.json()["error"]["message"]
    assert "there was no such upload" in message
    assert history[0].recorded_at.astimezone(UTC).strftime("It was submitted at %Y-%m-%dT%H:%M:%S.%fZ.") in message


def test_what_was_erased_is_told_as_such(desk: Desk) -> None:
    body = state(desk, troubled(desk.lives))
    assert (body["erased"], body["told"], body["session"], body["resultId"]) == (True, None, None, None)


@pytest.mark.parametrize(
    ("parameters", "status", "told"),
    [
        ({"version": "0"}, 404, "There is no version 0 of this upload. It has 1 to 1."),
        ({"version": "2"}, 404, "There is no version 2"),
        ({"version": "9" * 40}, 404, "There is no version 9"),
        ({"version": "x"}, 400, "`version` is 'x'"),
        ({"at": "noon"}, 400, "`at` is 'noon'"),
        ({"version": "1", "at": "2026-01-01"}, 400, "either `version` or `at`"),
        ({"verison": "1"}, 400, "There is no parameter 'verison'"),
    ],
)
def test_a_moment_that_there_is_not_is_refused(desk: Desk, parameters: dict[str, str], status: int, told: str) -> None:
    response = desk.get(f"uploads/{desk.lives.submitted()}", by="vera", **parameters)
    assert response.status_code == status
    assert told in response.json()["error"]["message"]
    assert desk.deeds() == []


@pytest.mark.parametrize("path", ["uploads/{}", "uploads/{}/timeline"])
def test_an_upload_that_there_is_not_is_not_found(desk: Desk, path: str) -> None:
    for job_id in (uuid4(), "seven"):
        response = desk.get(path.format(job_id))
        assert error_of(response) == (404, "NOT_FOUND")
        assert str(job_id) in response.json()["error"]["message"]
    assert desk.deeds() == []


def test_every_look_is_recorded_and_no_session_hash_is_shown(desk: Desk) -> None:
    upload_id, token = desk.service.submitted()
    session = desk.service.sessions.read(token)
    assert session
    answers = [desk.get(f"uploads/{upload_id}/timeline"), desk.get(f"uploads/{upload_id}", version=1)]

    assert not [answer for answer in answers if session.hash in answer.text or token in answer.text]
    assert [(deed.actor, deed.action, deed.facts) for deed in desk.deeds(upload_id)] == [
        ("staff:vera", "looked", {"what": "timeline"}),
        ("staff:vera", "looked", {"what": "state", "version": 1}),
    ]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
