"""What is usual: each part of a timeline beside its usual duration, and a whole life beside a usual one."""

from typing import Any
from uuid import UUID

import pytest

from domain.failures import FailureCode
from domain.stages import Stage
from tests.integration.api.service import error_of
from tests.integration.support.desk import Desk
from tests.lives import Lives

GENERATING = 4
"""The version at which it begins."""


@pytest.fixture
def usual(desk: Desk) -> list[UUID]:
    """Twenty uploads that went well, and are counted."""
    found = [desk.lives.complete() for _ in range(20)]
    desk.lives.project()
    return found


def spans(desk: Desk, upload_id: UUID) -> dict[str, dict[str, Any]]:
    """The spans of its timeline, by stage or else by kind."""
    body = desk.get(f"uploads/{upload_id}/timeline").json()
    return {span["stage"] or span["kind"]: span for span in body["spans"]}


def slow(lives: Lives) -> UUID:
    """An upload that generates for an hour, and takes no time before."""
    upload_id = lives.complete()
    lives.execute("ALTER TABLE event_log DISABLE TRIGGER event_log_is_append_only")
    lives.execute(
        """
        UPDATE event_log SET recorded_at = submitted.recorded_at - interval '1 hour'
        FROM event_log AS submitted
        WHERE event_log.upload_id = %s AND event_log.version <= %s
          AND submitted.upload_id = event_log.upload_id AND submitted.version = 1
        """,
        *(upload_id, GENERATING),
    )
    lives.execute("ALTER TABLE event_log ENABLE TRIGGER event_log_is_append_only")
    return upload_id


@pytest.mark.usefixtures("usual")
def test_a_span_is_shown_beside_its_usual_duration_and_marked_where_it_is_an_outlier(desk: Desk) -> None:
    found = spans(desk, slow(desk.lives))

    generating = found["generating"]
    assert generating["isOutlier"]
    assert generating["usual"]["uploads"] == 20
    assert 0 < generating["usual"]["p50"] <= generating["usual"]["p95"] < generating["seconds"]
    assert found["waiting"]["usual"]["uploads"] == 20


def test_with_too_few_uploads_nothing_is_usual(desk: Desk) -> None:
    upload_id = slow(desk.lives)
    desk.lives.project()

    assert {(span["usual"], span["isOutlier"]) for span in spans(desk, upload_id).values()} == {(None, False)}


def test_an_outlier_is_the_first_difference_from_a_usual_life(desk: Desk, usual: list[UUID]) -> None:
    upload_id = slow(desk.lives)
    body = desk.get(f"uploads/{upload_id}/timeline/usual").json()

    assert UUID(body["like"]["jobId"]) in usual
    assert body["like"]["status"] == "completed"
    assert "This upload was generating for 36" in body["firstDifference"]
    looked = [deed for deed in desk.deeds() if deed.facts.get("what") == "comparison"]
    assert {deed.upload_id for deed in looked} == {upload_id, UUID(body["like"]["jobId"])}


@pytest.mark.usefixtures("usual")
def test_trouble_is_the_first_difference_from_a_usual_life(desk: Desk) -> None:
    upload_id = desk.lives.failed(Stage.VALIDATING, FailureCode.IMAGE_TRUNCATED)
    desk.lives.execute("TRUNCATE stage_statistics")  # no part of it is slow
    told = desk.get(f"uploads/{upload_id}/timeline/usual").json()["firstDifference"]

    assert told == "This upload failed with IMAGE_TRUNCATED, where a usual one is generating."


def test_without_a_completed_upload_there_is_nothing_to_compare_with(desk: Desk) -> None:
    upload_id = desk.lives.submitted()
    response = desk.get(f"uploads/{upload_id}/timeline/usual")

    assert error_of(response) == (404, "NOT_FOUND")


def test_only_uploads_of_the_same_kind_are_compared(desk: Desk, usual: list[UUID]) -> None:
    assert usual
    desk.lives.execute("UPDATE uploads SET prompt_version = 9")
    upload_id = desk.lives.submitted()

    assert desk.get(f"uploads/{upload_id}/timeline/usual").status_code == 404
