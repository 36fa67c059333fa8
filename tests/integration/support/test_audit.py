"""GET /api/support/audit: who did what, in pages, the newest first."""

from typing import Any
from uuid import UUID

import pytest

from tests.integration.api.service import error_of
from tests.integration.support.desk import REASON, Desk


def audit(desk: Desk, **filters: object) -> dict[str, Any]:
    params = {name: str(value) for name, value in filters.items()}
    response = desk.service.client.get("/api/support/audit", params=params, headers=desk.signed("vera"))
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


@pytest.fixture
def worked(desk: Desk) -> UUID:
    """An upload that agnes looked at and cancelled; vera searched."""
    upload_id = desk.lives.submitted()
    desk.get(f"uploads/{upload_id}/timeline", by="agnes")
    desk.act("cancel", upload_id)
    desk.search(status="failed")
    return upload_id


def test_deeds_are_shown_the_newest_first_and_a_look_at_them_is_one(desk: Desk, worked: UUID) -> None:
    first = audit(desk)["deeds"]
    assert [(deed["actor"], deed["action"]) for deed in first][:3] == [
        ("staff:vera", "searched"),
        ("staff:agnes", "failed"),
        ("staff:agnes", "looked"),
    ]
    cancelled = first[1]
    assert (cancelled["jobId"], cancelled["reason"], cancelled["facts"]["code"]) == (str(worked), REASON, "CANCELLED")
    looked = audit(desk)["deeds"][0]
    assert (looked["actor"], looked["action"], looked["facts"]) == ("staff:vera", "looked", {"what": "audit"})


def test_a_person_an_upload_and_a_time_narrow_it_down(desk: Desk, worked: UUID) -> None:
    assert {deed["actor"] for deed in audit(desk, by="agnes")["deeds"]} == {"staff:agnes"}
    assert [deed["action"] for deed in audit(desk, jobId=worked)["deeds"]] == ["failed", "looked"]
    assert audit(desk, since="2999-01-01")["deeds"] == []
    assert audit(desk, until="2000-01-01")["deeds"] == []
    assert {deed["actor"] for deed in audit(desk, by="operator:test")["deeds"]} == {"operator:test"}


@pytest.mark.usefixtures("worked")
def test_pages_join_without_a_gap(desk: Desk) -> None:
    whole = [deed for deed in audit(desk, until="2999-01-01")["deeds"] if deed["facts"].get("what") != "audit"]
    found: list[dict[str, Any]] = []
    cursor: object = ""
    while cursor is not None:
        page = audit(desk, until="2999-01-01", limit=2, cursor=cursor)
        found += page["deeds"]
        cursor = page["nextCursor"]
    assert [deed for deed in found if deed["facts"].get("what") != "audit"] == whole


@pytest.mark.parametrize(
    "filters",
    [
        {"by": "Erika Muster"},
        {"since": "yesterday"},
        {"cursor": "x"},
        {"colour": "red"},
        {"since": "2026-11-29", "until": "2026-11-28"},
    ],
)
def test_a_filter_that_cannot_be_understood_is_refused(desk: Desk, filters: dict[str, str]) -> None:
    response = desk.service.client.get("/api/support/audit", params=filters, headers=desk.signed("vera"))
    assert error_of(response) == (400, "BAD_REQUEST")
