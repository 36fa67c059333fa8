"""Bulk actions: a dry run that holds, a run of exactly these uploads in the background, a report of each."""

from threading import Event
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.failures import FailureCode
from domain.staff import StaffRequest
from domain.stages import Stage
from projections.rows.failure_groups import failure_grouper
from tests.integration.api.service import error_of
from tests.integration.support.desk import REASON, Desk
from workers.upkeep import bulk_runner
from workers.upkeep.bulk_runner import BulkRunner
from workers.upkeep.commands import ActionName, StaffCommands


def commands(desk: Desk) -> StaffCommands:
    return StaffCommands(desk.lives.uploads, desk.service.store, desk.lives.pool)


def carried_out(desk: Desk) -> None:
    """What runs is carried out, as by `darkroom dispatch`."""
    BulkRunner(desk.lives.pool, commands(desk)).scan(Event())
    desk.lives.project()


def post(desk: Desk, path: str, by: str = "agnes", **fields: object) -> httpx.Response:
    return desk.service.client.post(f"/api/support/bulk{path}", json=fields, headers=desk.signed(by))


def planned(desk: Desk, action: str = "retry", by: str = "agnes", **search: object) -> dict[str, Any]:
    desk.lives.project()
    response = post(desk, "", by, action=action, reason=REASON, search=search)
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


def started(desk: Desk, bulk_id: str, by: str = "agnes") -> dict[str, Any]:
    response = post(desk, f"/{bulk_id}/run", by)
    assert response.status_code == 202, response.text
    body: dict[str, Any] = response.json()["bulk"]
    return body


def report(desk: Desk, bulk_id: str, **page: object) -> dict[str, Any]:
    response = desk.get(f"bulk/{bulk_id}", by="vera", **page)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def names(desk: Desk, upload_id: UUID) -> list[str]:
    return [logged.name for logged in desk.lives.log.history(upload_id)]


def test_a_dry_run_says_how_many_and_which_and_changes_nothing(desk: Desk) -> None:
    failed = [desk.lives.failed(Stage.GENERATING) for _ in range(2)]
    blocked = desk.lives.failed(Stage.GENERATING, FailureCode.CONTENT_BLOCKED)
    desk.lives.complete()
    before = [names(desk, each) for each in failed]
    body = planned(desk, status="failed")

    assert set(body["jobIds"]) == {str(each) for each in (*failed, blocked)}
    bulk = body["bulk"]
    assert (bulk["action"], bulk["state"], bulk["count"], bulk["fit"]) == ("retry", "planned", 3, 2)
    assert (bulk["search"], bulk["plannedBy"], bulk["reason"]) == ({"status": "failed"}, "staff:agnes", REASON)
    assert bulk["progress"] == {"done": 0, "unchanged": 0, "refused": 0, "failed": 0, "left": 3}
    carried_out(desk)
    assert [names(desk, each) for each in failed] == before


def test_a_run_does_exactly_these_and_ends_in_a_report_by_upload(desk: Desk) -> None:
    failed = desk.lives.failed(Stage.GENERATING)
    blocked = desk.lives.failed(Stage.GENERATING, FailureCode.CONTENT_BLOCKED)
    bulk_id = planned(desk, status="failed")["bulk"]["bulkId"]
    later = desk.lives.failed(Stage.GENERATING)
    assert started(desk, bulk_id)["state"] == "running"
    carried_out(desk)

    body = report(desk, bulk_id)
    told = {each["jobId"]: (each["outcome"], each["told"]) for each in body["uploads"]}
    assert told[str(failed)] == ("done", None)
    assert told[str(blocked)][0] == "refused"
    assert "Another try cannot help" in told[str(blocked)][1]
    assert (body["bulk"]["state"], body["bulk"]["progress"]["done"], body["bulk"]["progress"]["left"]) == ("done", 1, 0)
    assert names(desk, later)[-1] == "upload.failed"
    facts = desk.lives.log.history(failed)[-1].facts
    assert (facts["actor"], facts["reason"]) == ("staff:agnes", REASON)


def test_it_goes_on_after_a_process_that_died_and_acts_on_no_upload_twice(desk: Desk) -> None:
    uploads = [desk.lives.submitted() for _ in range(3)]
    bulk_id = planned(desk, "cancel", status="pending")["bulk"]["bulkId"]
    started(desk, bulk_id)
    carried_out(desk)
    # As if the process had died before it kept what it did: the events are there, the outcomes are not.
    desk.lives.execute("UPDATE bulk_uploads SET outcome = NULL, done_at = NULL")
    desk.lives.execute("UPDATE bulk_actions SET state = 'running', ended_at = NULL")
    carried_out(desk)

    assert [names(desk, each) for each in uploads] == [["upload.submitted", "upload.failed"]] * 3
    assert report(desk, bulk_id)["bulk"]["progress"]["done"] == 3


def test_a_stop_leaves_the_rest_as_it_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_runner, "BATCH", 1)
    for _ in range(3):
        desk.lives.submitted()
    bulk_id = planned(desk, "cancel", status="pending")["bulk"]["bulkId"]
    started(desk, bulk_id)

    class Stopped(StaffCommands):
        """Stops the bulk action while its first upload has its turn."""

        def run(self, *arguments: Any, **keywords: Any) -> None:  # noqa: ANN401 - those of the real one
            super().run(*arguments, **keywords)
            stopping.set()

    stopping = Event()
    BulkRunner(desk.lives.pool, Stopped(desk.lives.uploads, desk.service.store, desk.lives.pool)).scan(stopping)
    stopped = post(desk, f"/{bulk_id}/stop")
    assert (stopped.status_code, stopped.json()["bulk"]["state"]) == (202, "stopped")
    carried_out(desk)

    progress = report(desk, bulk_id)["bulk"]["progress"]
    assert (progress["done"], progress["left"]) == (1, 2)
    assert post(desk, f"/{bulk_id}/stop").json()["bulk"]["state"] == "stopped"
    assert error_of(post(desk, f"/{bulk_id}/run")) == (409, "CONFLICT")


def test_an_upload_that_breaks_the_program_keeps_no_other_from_its_turn(desk: Desk) -> None:
    broken, *others = (desk.lives.submitted() for _ in range(3))
    bulk_id = planned(desk, "cancel", status="pending")["bulk"]["bulkId"]
    started(desk, bulk_id)

    class Breaking(StaffCommands):
        """Breaks at one upload."""

        def run(self, action: ActionName, upload_id: UUID, *, by: str, request: StaffRequest) -> None:
            if upload_id == broken:
                raise ZeroDivisionError
            super().run(action, upload_id, by=by, request=request)

    BulkRunner(desk.lives.pool, Breaking(desk.lives.uploads, desk.service.store, desk.lives.pool)).scan(Event())
    body = report(desk, bulk_id)
    told = {UUID(each["jobId"]): (each["outcome"], each["told"]) for each in body["uploads"]}

    assert told[broken] == ("failed", "It could not be acted on: ZeroDivisionError. The log has the details.")
    assert {told[each][0] for each in others} == {"done"}
    assert (body["bulk"]["state"], body["bulk"]["progress"]["failed"]) == ("done", 1)


@pytest.mark.parametrize("ahead", ["0 minutes", "21 minutes"])
def test_a_dry_run_holds_for_ten_minutes_and_not_longer_by_a_step_of_the_clock(desk: Desk, ahead: str) -> None:
    desk.lives.failed(Stage.GENERATING)
    bulk_id = planned(desk, status="failed")["bulk"]["bulkId"]
    desk.lives.execute("UPDATE bulk_actions SET expires_at = clock_timestamp() + %s::interval", ahead)
    refused = post(desk, f"/{bulk_id}/run")

    assert error_of(refused) == (409, "CONFLICT")
    assert "older than ten minutes" in refused.json()["error"]["message"]
    assert report(desk, bulk_id)["bulk"]["state"] == "expired"


def test_a_group_of_failures_is_retried_as_a_whole(desk: Desk) -> None:
    lost = desk.lives.failed(Stage.VALIDATING, FailureCode.WORKER_LOST)
    desk.lives.failed(Stage.GENERATING)
    failure_grouper(desk.lives.log, desk.lives.pool).catch_up()
    groups = desk.get("failures").json()["groups"]
    group_id = next(group["id"] for group in groups if group["code"] == "WORKER_LOST")

    body = planned(desk, failureGroup=group_id, status="failed")
    assert body["jobIds"] == [str(lost)]


def test_an_erasure_in_bulk_takes_an_admin_to_plan_and_to_run(desk: Desk) -> None:
    upload_id = desk.lives.complete()
    desk.lives.project()
    refused = post(desk, "", action="erase", reason=REASON, search={"jobId": str(upload_id)})
    assert error_of(refused) == (403, "FORBIDDEN")
    bulk_id = planned(desk, "erase", by="adam", jobId=str(upload_id))["bulk"]["bulkId"]
    assert error_of(post(desk, f"/{bulk_id}/run")) == (403, "FORBIDDEN")
    started(desk, bulk_id, by="adam")
    carried_out(desk)

    assert desk.lives.uploads.get(upload_id).erased
    assert list(desk.service.store.keys(str(upload_id))) == []


def test_a_report_has_pages_and_the_latest_are_listed(desk: Desk) -> None:
    for _ in range(3):
        desk.lives.submitted()
    body = planned(desk, "cancel", status="pending")
    bulk_id = body["bulk"]["bulkId"]
    first = report(desk, bulk_id, limit=2)
    second = report(desk, bulk_id, limit=2, cursor=first["nextCursor"])

    assert [each["jobId"] for each in first["uploads"] + second["uploads"]] == body["jobIds"]
    assert second["nextCursor"] is None
    assert [each["bulkId"] for each in desk.get("bulk").json()["bulks"]] == [bulk_id]


def test_planning_running_and_stopping_are_rows_of_the_audit_log(desk: Desk) -> None:
    desk.lives.submitted()
    bulk_id = planned(desk, "cancel", status="pending")["bulk"]["bulkId"]
    started(desk, bulk_id)
    post(desk, f"/{bulk_id}/stop")

    deeds = [deed for deed in desk.deeds() if deed.subject == bulk_id]
    assert [deed.action for deed in deeds] == ["bulk-planned", "bulk-started", "bulk-stopped"]
    assert deeds[0].reason == REASON
    assert deeds[0].facts == {"action": "cancel", "search": {"status": "pending"}, "count": 1}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"action": "note"}, "`action` is 'note'. It must be one of retry, cancel, requeue, erase"),
        ({"reason": ""}, "Give a reason"),
        ({"search": {}}, "it would find every upload"),
        ({"search": {"status": "failed", "failureGroup": ""}}, "`failureGroup` of `search` is empty"),
        ({"search": {"status": "failed", "session": " "}}, "`session` of `search` is empty"),
        ({"search": "failed"}, "`search` must be an object"),
        ({"search": {"status": "failed", "limit": 3}}, "`search` has 'limit'"),
        ({"search": {"colour": "red"}}, "There is no parameter 'colour'"),
        ({"search": {"status": "broken"}}, "`status` is 'broken'"),
    ],
)
def test_a_dry_run_that_cannot_be_understood_is_refused(desk: Desk, fields: dict[str, object], told: str) -> None:
    given = {"action": "retry", "reason": REASON, "search": {"status": "failed"}, **fields}
    response = desk.service.client.post("/api/support/bulk", json=given, headers=desk.signed("agnes"))
    assert error_of(response) == (400, "BAD_REQUEST")
    assert told in response.json()["error"]["message"]


def test_a_dry_run_that_was_never_carried_out_is_forgotten_after_a_day(desk: Desk) -> None:
    desk.lives.submitted()
    old = planned(desk, "cancel", status="pending")["bulk"]["bulkId"]
    desk.lives.execute("UPDATE bulk_actions SET planned_at = planned_at - interval '25 hours'")
    new = planned(desk, "cancel", status="pending")["bulk"]["bulkId"]

    assert [each["bulkId"] for each in desk.get("bulk").json()["bulks"]] == [new]
    assert error_of(desk.get(f"bulk/{old}")) == (404, "NOT_FOUND")


def test_too_many_uploads_are_no_bulk_action(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.support.bulk.planning.MOST", 1)
    for _ in range(2):
        desk.lives.submitted()
    desk.lives.project()
    response = post(desk, "", action="cancel", reason=REASON, search={"status": "pending"})
    assert "more than 1 uploads" in response.json()["error"]["message"]


def test_a_bulk_action_that_is_none_is_not_found(desk: Desk) -> None:
    for bulk_id in (uuid4(), "x"):
        assert error_of(desk.get(f"bulk/{bulk_id}")) == (404, "NOT_FOUND")
        assert error_of(post(desk, f"/{bulk_id}/run")) == (404, "NOT_FOUND")
