"""One person may act on so many uploads in an hour; what a bulk action has still to do counts too."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.stages import Stage
from tests.integration.api.service import error_of, running_service
from tests.integration.support.desk import REASON, Desk


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """An API whose staff may do two things in an hour."""
    with running_service(database_url, tmp_path, staff_actions_per_hour=2) as service:
        yield Desk.of(service)


def test_beyond_the_limit_an_action_is_refused_for_this_person_alone(desk: Desk) -> None:
    uploads = [desk.lives.submitted() for _ in range(3)]
    assert [desk.act("cancel", each).status_code for each in uploads[:2]] == [202, 202]
    refused = desk.act("cancel", uploads[2])

    assert error_of(refused) == (429, "TOO_MANY_REQUESTS")
    assert "2 uploads within an hour" in refused.json()["error"]["message"]
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert desk.act("cancel", uploads[2], by="adam").status_code == 202


def test_an_action_from_before_the_clock_stepped_back_does_not_count_for_longer(desk: Desk) -> None:
    uploads = [desk.lives.submitted() for _ in range(3)]
    for each in uploads[:2]:
        desk.act("cancel", each)
        desk.lives.age(each, -timedelta(hours=1))
    assert desk.act("cancel", uploads[2]).status_code == 202


def test_a_repeated_request_is_answered_beyond_the_limit(desk: Desk) -> None:
    uploads = [desk.lives.submitted() for _ in range(2)]
    for each in uploads:
        desk.act("cancel", each, Idempotency_Key="key-1")
    assert desk.act("cancel", uploads[0], Idempotency_Key="key-1").status_code == 202


def test_a_bulk_action_counts_with_all_of_its_uploads(desk: Desk) -> None:
    for _ in range(3):
        desk.lives.failed(Stage.GENERATING)
    desk.lives.project()
    fields = {"action": "retry", "reason": REASON, "search": {"status": "failed"}}
    headers = desk.signed("agnes")
    bulk = desk.service.client.post("/api/support/bulk", json=fields, headers=headers).json()["bulk"]
    refused = desk.service.client.post(f"/api/support/bulk/{bulk['bulkId']}/run", json={}, headers=headers)

    assert error_of(refused) == (429, "TOO_MANY_REQUESTS")
    assert "want to act on 3 more" in refused.json()["error"]["message"]
