"""The searches of every day, and the filters that they need."""

from datetime import timedelta
from urllib.parse import parse_qsl
from uuid import UUID

import pytest

from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from tests.integration.api.service import error_of
from tests.integration.support.desk import Desk
from tests.lives import soon
from tests.submissions import WORKER


def found(desk: Desk, **filters: object) -> set[UUID]:
    return {UUID(upload["jobId"]) for upload in desk.search(**filters)["uploads"]}


def put_off(desk: Desk) -> UUID:
    upload_id = desk.lives.submitted()
    desk.lives.uploads.execute(upload_id, Upload.put_off, FailureCode.GENERATION_BUDGET_SPENT, soon(), by=WORKER)
    return upload_id


def test_each_saved_search_can_be_made_as_it_is_told(desk: Desk) -> None:
    failed, late, waits = desk.lives.failed(Stage.GENERATING), desk.lives.submitted(), put_off(desk)
    desk.lives.project()
    desk.lives.age(late, timedelta(hours=2))
    saved = {each["name"]: each for each in desk.get("searches").json()["searches"]}

    assert set(saved) == {"failed-today", "stands-still", "waits-long", "put-off"}
    results = {name: found(desk, **dict(parse_qsl(each["query"]))) for name, each in saved.items()}
    assert results["put-off"] == {waits}
    assert results["waits-long"] == results["stands-still"] == {late}
    assert results["failed-today"] == {failed}
    assert "60 s" in saved["waits-long"]["title"], "too few uploads have begun to say more"


def test_what_waits_longer_than_most_is_told_by_the_latest_uploads(desk: Desk) -> None:
    for _ in range(20):
        upload_id = desk.lives.reached(Stage.VALIDATING)
        desk.lives.execute("ALTER TABLE event_log DISABLE TRIGGER event_log_is_append_only")
        desk.lives.execute(
            "UPDATE event_log SET recorded_at = recorded_at - interval '40 s' WHERE upload_id = %s AND version = 1",
            upload_id,
        )
        desk.lives.execute("ALTER TABLE event_log ENABLE TRIGGER event_log_is_append_only")
    (waits,) = [each for each in desk.get("searches").json()["searches"] if each["name"] == "waits-long"]
    assert waits["title"].startswith("Waits longer than 95 in 100 do (4")


def test_put_off_finds_what_waits_for_the_model_or_the_budget_and_its_opposite_the_rest(desk: Desk) -> None:
    waits, others = put_off(desk), {desk.lives.backing_off(), desk.lives.complete(), desk.lives.submitted()}
    desk.lives.project()
    assert found(desk, putOff="true") == {waits}
    assert found(desk, putOff="false") == others


def test_the_last_who_acted_is_found_and_who_acted_before_is_not(desk: Desk) -> None:
    first, second, untouched = (desk.lives.submitted() for _ in range(3))
    desk.act("cancel", first, by="agnes")
    desk.act("cancel", second, by="agnes")
    desk.act("retry", second, by="adam")
    desk.lives.project()

    assert found(desk, lastActor="agnes") == {first}
    assert found(desk, lastActor="staff:adam") == {second}
    assert untouched not in found(desk, lastActor="agnes") | found(desk, lastActor="adam")


@pytest.mark.parametrize(
    "filters", [{"putOff": "maybe"}, {"waitsOver": "-1"}, {"waitsOver": "long"}, {"lastActor": "worker:w"}]
)
def test_a_filter_that_cannot_be_understood_is_refused(desk: Desk, filters: dict[str, str]) -> None:
    assert error_of(desk.get("uploads", by="vera", **filters)) == (400, "BAD_REQUEST")
