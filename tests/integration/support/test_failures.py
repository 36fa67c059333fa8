"""Failures in groups: by code, stage and cause, with what was decided about each."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.failures import MESSAGES, FailureCode
from domain.stages import Stage
from domain.upload import Upload
from projections.log.schema import migrate
from projections.rows.failure_groups import cause_of, failure_grouper
from tests.house.the_house import ROOT, blocks
from tests.integration.api.service import error_of, moment
from tests.integration.support.desk import REASON, Desk
from tests.submissions import WORKER


def grouped(desk: Desk, **state: str) -> list[dict[str, Any]]:
    """The groups, once their reader has read everything."""
    failure_grouper(desk.lives.log, desk.lives.pool).catch_up()
    desk.lives.project()
    response = desk.get("failures", by="vera", **state)
    assert response.status_code == 200, response.text
    assert response.json()["behind"] == 0
    groups: list[dict[str, Any]] = response.json()["groups"]
    return groups


def group(desk: Desk) -> dict[str, Any]:
    (only,) = grouped(desk)
    return only


def decide(desk: Desk, decision: str, group_id: str, **fields: object) -> dict[str, Any]:
    path, body = f"/api/support/failures/{group_id}/{decision}", {"reason": REASON, **fields}
    response = desk.service.client.post(path, json=body, headers=desk.signed("agnes"))
    assert response.status_code == 200, response.text
    assert response.json()["next"].endswith(".")
    decided: dict[str, Any] = response.json()["group"]
    return decided


def failed(desk: Desk, session: str = "ab" * 32, code: FailureCode = FailureCode.WORKER_LOST) -> UUID:
    upload_id = desk.lives.submitted(session)
    desk.lives.run(upload_id, Stage.VALIDATING)
    desk.lives.uploads.execute(upload_id, Upload.fail, code, stage=Stage.VALIDATING, attempt=1, by=WORKER)
    return upload_id


def test_failures_of_one_code_stage_and_cause_are_one_group(desk: Desk) -> None:
    began = datetime.now(UTC)
    failed(desk, "ab" * 32), failed(desk, "ab" * 32)
    last = failed(desk, "cd" * 32)
    desk.lives.failed(Stage.GENERATING, FailureCode.CONTENT_BLOCKED)
    desk.lives.uploads.execute(desk.lives.submitted(), Upload.cancel, by="session:0")

    blocked, lost = grouped(desk)
    assert (blocked["code"], blocked["stage"], blocked["uploads"], blocked["canRetry"]) == (
        *("CONTENT_BLOCKED", "generating", 1),
        False,
    )
    assert (lost["code"], lost["stage"], lost["cause"]) == (
        *("WORKER_LOST", "validating"),
        MESSAGES[FailureCode.WORKER_LOST],
    )
    assert (lost["uploads"], lost["sessions"], lost["state"], lost["sample"]) == (3, 2, "open", str(last))
    assert began - timedelta(seconds=5) <= moment(lost["first"]) <= moment(lost["last"])
    assert len(lost["curve"]) == 14
    assert sum(day["failures"] for day in lost["curve"]) == 3


def test_an_upload_that_fails_again_in_the_same_way_is_counted_once_and_its_failures_are_on_the_curve(
    desk: Desk,
) -> None:
    upload_id = failed(desk)
    grouped(desk)
    desk.lives.uploads.execute(upload_id, Upload.retry, by="staff:agnes")
    desk.lives.uploads.start_attempt(desk.lives.uploads.get(upload_id), by=WORKER)
    desk.lives.uploads.execute(
        upload_id, Upload.fail, FailureCode.WORKER_LOST, stage=Stage.VALIDATING, attempt=2, by=WORKER
    )

    again = group(desk)
    assert (again["uploads"], again["sessions"]) == (1, 1)
    assert sum(day["failures"] for day in again["curve"]) == 2


def test_the_uploads_of_a_group_are_found_by_its_id(desk: Desk) -> None:
    upload_id = failed(desk)
    desk.lives.failed(Stage.GENERATING)
    lost = next(each for each in grouped(desk) if each["code"] == "WORKER_LOST")

    for search in ({"failureGroup": lost["id"]}, {"failureGroup": lost["id"], "status": "failed"}):
        assert [upload["jobId"] for upload in desk.search(**search)["uploads"]] == [str(upload_id)]
    desk.lives.uploads.execute(upload_id, Upload.retry, by="staff:agnes")
    desk.lives.project()
    assert len(desk.search(failureGroup=lost["id"])["uploads"]) == 1
    assert desk.search(failureGroup=lost["id"], status="failed")["uploads"] == []
    assert error_of(desk.get("uploads", failureGroup="x")) == (400, "BAD_REQUEST")


def test_a_group_is_searched_newest_first_and_by_pages(desk: Desk) -> None:
    upload_ids = [str(failed(desk)) for _ in range(3)]
    group_id = group(desk)["id"]

    first = desk.search(failureGroup=group_id, limit=2)
    rest = desk.search(failureGroup=group_id, limit=2, cursor=first["nextCursor"])
    assert [upload["jobId"] for upload in (*first["uploads"], *rest["uploads"])] == upload_ids[::-1]
    assert (first["count"], rest["count"], rest["nextCursor"]) == (3, 3, None)
    middle = first["uploads"][1]["createdAt"]
    later = desk.search(failureGroup=group_id, createdAfter=middle)["uploads"]
    assert [upload["jobId"] for upload in later] == upload_ids[:0:-1]
    earlier = desk.search(failureGroup=group_id, createdBefore=middle)["uploads"]
    assert [upload["jobId"] for upload in earlier] == upload_ids[:1]


def test_a_group_of_an_older_database_learns_when_its_uploads_were_submitted(desk: Desk, database_url: str) -> None:
    upload_ids = [str(failed(desk)) for _ in range(2)]
    group_id = group(desk)["id"]
    desk.lives.execute("ALTER TABLE failure_group_uploads DROP COLUMN created_at")

    migrate(database_url)
    assert [upload["jobId"] for upload in desk.search(failureGroup=group_id)["uploads"]] == upload_ids[::-1]


def test_an_upload_that_an_older_darkroom_put_into_a_group_is_found_in_it(desk: Desk) -> None:
    upload_id = failed(desk)
    group_id = group(desk)["id"]
    desk.lives.execute("DELETE FROM failure_group_uploads")
    desk.lives.execute("INSERT INTO failure_group_uploads (group_id, upload_id) VALUES (%s, %s)", group_id, upload_id)

    found = desk.search(failureGroup=group_id, createdAfter=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
    assert [upload["jobId"] for upload in found["uploads"]] == [str(upload_id)]


def test_a_resolved_group_comes_back_marked_when_it_happens_again(desk: Desk) -> None:
    failed(desk)
    resolved = decide(desk, "resolve", group(desk)["id"])

    assert (resolved["state"], resolved["decision"]["by"], resolved["decision"]["reason"]) == (
        "resolved",
        "staff:agnes",
        REASON,
    )
    assert group(desk)["state"] == "resolved"
    failed(desk)
    assert group(desk)["state"] == "back"
    assert [each["state"] for each in grouped(desk, state="back")] == ["back"]
    assert grouped(desk, state="open") == []


def test_a_group_is_ignored_until_a_number_of_further_uploads(desk: Desk) -> None:
    failed(desk)
    ignored = decide(desk, "ignore", group(desk)["id"], uploads=2)
    assert (ignored["state"], ignored["decision"]["untilUploads"]) == ("ignored", 3)
    failed(desk)
    assert group(desk)["state"] == "ignored"
    failed(desk)
    assert group(desk)["state"] == "open"


def test_a_group_is_ignored_until_a_time_and_may_be_opened_before(desk: Desk) -> None:
    failed(desk)
    group_id = group(desk)["id"]
    until = datetime.now(UTC) + timedelta(days=1)
    assert decide(desk, "ignore", group_id, until=until.isoformat())["state"] == "ignored"
    desk.lives.execute("UPDATE failure_decisions SET until = clock_timestamp() - interval '1 s'")
    assert group(desk)["state"] == "open"
    decide(desk, "ignore", group_id, until=until.isoformat())
    reopened = decide(desk, "reopen", group_id)
    assert (reopened["state"], reopened["decision"]) == ("open", None)


def test_a_decision_and_a_look_are_rows_of_the_audit_log(desk: Desk) -> None:
    failed(desk)
    group_id = group(desk)["id"]
    decide(desk, "ignore", group_id, uploads=5)

    look, ignored = desk.deeds()
    assert (look.action, look.facts) == ("looked", {"what": "failures"})
    assert (ignored.action, ignored.subject, ignored.reason, ignored.facts) == (
        "failures-ignored",
        group_id,
        REASON,
        {"uploads": 5},
    )


@pytest.mark.parametrize(
    ("decision", "fields", "told"),
    [
        ("resolve", {"reason": ""}, "Give a reason"),
        ("resolve", {"uploads": 5}, "There is no field 'uploads'"),
        ("ignore", {}, "Say for how long"),
        ("ignore", {"uploads": 0}, "`uploads` is '0'. It must be a whole number from 1"),
        ("ignore", {"until": "tomorrow"}, "`until` is 'tomorrow'. It must be a time"),
        ("ignore", {"until": "2020-01-01"}, "this one is over"),
    ],
)
def test_a_decision_that_cannot_be_understood_is_refused(
    desk: Desk, decision: str, fields: dict[str, object], told: str
) -> None:
    failed(desk)
    path, body = f"/api/support/failures/{group(desk)['id']}/{decision}", {"reason": REASON, **fields}
    response = desk.service.client.post(path, json=body, headers=desk.signed("agnes"))
    assert error_of(response) == (400, "BAD_REQUEST")
    assert told in response.json()["error"]["message"]
    assert group(desk)["state"] == "open"


def test_an_erased_upload_leaves_nothing_but_the_count(desk: Desk) -> None:
    upload_id = failed(desk)
    assert group(desk)["sample"] == str(upload_id)
    desk.lives.uploads.erase(upload_id, by="staff:adam")

    only = group(desk)
    assert (only["uploads"], only["sample"]) == (1, None)
    assert desk.search(failureGroup=only["id"])["uploads"] == []


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("This photo has 61.5 megapixels.", "This photo has <number> megapixels."),
        ("job 3f0c6f0e-8d0b-4f5e-9a53-0d6c3f1f4b7a is gone", "job <id> is gone"),
        ("key a886e65e94bbc507 of 2026-11-28", "key <id> of <number>-<number>-<number>"),
        ("The image model declined this photo.", "The image model declined this photo."),
    ],
)
def test_a_cause_is_a_message_without_ids_and_numbers(message: str, cause: str) -> None:
    assert cause_of(message) == cause


def test_the_groups_can_be_made_again_from_the_log(desk: Desk) -> None:
    for _ in range(2):
        failed(desk)
    desk.lives.failed(Stage.GENERATING)
    before = grouped(desk)
    (again,) = blocks((ROOT / "projections/README.md").read_text(), "sql")
    with desk.lives.pool.connection() as connection:
        connection.execute(again.encode())

    assert grouped(desk) == before
