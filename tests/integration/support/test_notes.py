"""A note on an upload: an event that colleagues read, and that changes nothing for the upload or its owner."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from domain.stages import Stage
from domain.upload import Upload
from tests.integration.api.service import error_of
from tests.integration.invariants.violations import LONG, violations
from tests.integration.support.desk import Desk
from tests.submissions import WORKER

NOTE = "The owner will call again on Monday, ticket 4711."


def note(desk: Desk, upload_id: UUID, words: object = NOTE, **headers: str) -> httpx.Response:
    path = f"/api/support/uploads/{upload_id}/note"
    return desk.service.client.post(path, json={"note": words}, headers={**desk.signed("agnes"), **headers})


def row(desk: Desk, upload_id: UUID) -> tuple[object, ...]:
    desk.lives.project()
    with desk.lives.pool.connection() as connection:
        query = "SELECT to_jsonb(u) - 'version' FROM uploads u WHERE upload_id = %s"
        (found,) = connection.execute(query, (upload_id,)).fetchall()
    state: tuple[object, ...] = found
    return state


@pytest.mark.parametrize("stage", [None, Stage.GENERATING, Stage.COMPLETE])
def test_a_note_is_an_event_and_changes_nothing_else(desk: Desk, stage: Stage | None) -> None:
    upload_id = desk.lives.reached(stage) if stage else desk.lives.submitted()
    before, spans = row(desk, upload_id), desk.timeline(upload_id)["spans"]
    response = note(desk, upload_id)

    assert response.status_code == 200, response.text
    body = response.json()
    assert (body["action"], body["changed"], body["next"]) == (
        "note",
        True,
        "Your colleagues read it in the timeline. Its owner does not.",
    )
    after = desk.timeline(upload_id)
    last = after["events"][-1]
    assert (last["name"], last["actor"], last["note"], last["reason"]) == ("upload.noted", "staff:agnes", NOTE, None)
    assert [span["kind"] for span in after["spans"]] == [span["kind"] for span in spans]
    assert row(desk, upload_id) == before
    (deed,) = (deed for deed in desk.deeds(upload_id) if deed.action == "upload.noted")
    assert deed.reason == NOTE


def test_a_note_after_the_end_makes_no_upload_longer(desk: Desk) -> None:
    upload_id = desk.lives.complete()
    before = desk.timeline(upload_id)["seconds"]
    note(desk, upload_id)
    assert desk.timeline(upload_id)["seconds"] == before


def test_verify_finds_nothing_wrong_with_a_note_and_an_upload_that_stands_still_behind_one(desk: Desk) -> None:
    ended, waiting = desk.lives.failed(Stage.GENERATING), desk.lives.backing_off()
    for upload_id in (ended, waiting):
        note(desk, upload_id)
        desk.lives.project()
        desk.lives.age(upload_id, LONG)
    assert violations(desk.lives) == []
    still = desk.lives.reached(Stage.GENERATING)
    desk.lives.project()
    desk.lives.age(still, LONG)
    note(desk, still)
    desk.lives.project()
    assert [violation.upload_id for violation in violations(desk.lives)] == [still]


def test_a_repeated_note_is_written_once_and_another_one_under_its_key_is_refused(desk: Desk) -> None:
    upload_id = desk.lives.submitted()
    first, second = (note(desk, upload_id, **{"Idempotency-Key": "key-1"}) for _ in range(2))

    assert first.json() == second.json()
    assert [event["name"] for event in desk.timeline(upload_id)["events"]] == ["upload.submitted", "upload.noted"]
    other = note(desk, upload_id, "Another note.", **{"Idempotency-Key": "key-1"})
    assert error_of(other) == (422, "IDEMPOTENCY_CONFLICT")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", 'Give a note: {"note": "..."}'),
        ("x" * 501, "This note has 501 characters"),
        ("Write to erika@example.com", "This note seems to contain an e-mail address"),
        ("a\nb", "This note contains a control character"),
    ],
)
def test_a_note_that_is_none_is_refused(desk: Desk, words: str, told: str) -> None:
    response = note(desk, desk.lives.submitted(), words)
    assert error_of(response) == (400, "BAD_REQUEST")
    assert told in response.json()["error"]["message"]


def test_an_erased_upload_takes_no_note(desk: Desk) -> None:
    upload_id = desk.lives.complete()
    desk.lives.uploads.erase(upload_id, by="staff:adam")
    response = note(desk, upload_id)
    assert error_of(response) == (409, "CONFLICT")
    assert "not even a note" in response.json()["error"]["message"]


def test_a_note_during_a_stage_changes_no_duration(desk: Desk) -> None:
    def durations(upload_id: UUID) -> list[tuple[object, ...]]:
        with desk.lives.pool.connection() as connection:
            query = "SELECT stage, seconds > 60 FROM stage_durations WHERE upload_id = %s ORDER BY began_at"
            return connection.execute(query, (upload_id,)).fetchall()

    upload_id = desk.lives.reached(Stage.GENERATING)
    desk.lives.age(upload_id, timedelta(minutes=2))
    note(desk, upload_id)
    desk.lives.uploads.execute(upload_id, Upload.advance, Stage.GENERATING, 70, attempt=1, by=WORKER)
    assert durations(upload_id) == [("validating", False), ("generating", True)]
