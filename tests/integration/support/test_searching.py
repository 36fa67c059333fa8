"""GET /api/support/uploads: every filter finds what it should, pages join, and the search is recorded."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest

from domain.failures import FailureCode
from domain.stages import Stage
from tests.integration.api.service import error_of, moment
from tests.integration.support.desk import Desk

DEEP: Final = urlsafe_b64encode(
    b'["2026-01-02T00:00:00Z","' + str(UUID(int=1)).encode() + b'",' + b"[" * 5_000
).decode()


@pytest.fixture
def lives(desk: Desk) -> dict[str, UUID]:
    """Uploads in several states, by name; each is a minute older than the one after it."""
    lives = desk.lives
    repeated = lives.reached(Stage.GENERATING)
    lives.uploads.start_attempt(lives.uploads.get(repeated), by="worker:other")
    found = {
        "complete": lives.complete(),
        "failed": lives.failed(Stage.GENERATING),
        "blocked": lives.failed(Stage.GENERATING, FailureCode.CONTENT_BLOCKED),
        "repeated": repeated,
        "pending": lives.submitted(),
        "still": lives.submitted(),
        "foreign": lives.submitted("ab" * 32),
    }
    lives.project()
    for minutes, upload_id in enumerate(found.values()):
        lives.age(upload_id, timedelta(minutes=0.5 * (len(found) - minutes)))
    lives.execute("UPDATE uploads SET updated_at = clock_timestamp() WHERE upload_id <> %s", found["still"])
    return found


def names(found: dict[str, UUID], body: dict[str, object]) -> list[str]:
    by_id = {str(upload_id): name for name, upload_id in found.items()}
    uploads = body["uploads"]
    assert isinstance(uploads, list)
    return [by_id[upload["jobId"]] for upload in uploads]


def test_without_filters_everything_is_found_newest_first(desk: Desk, lives: dict[str, UUID]) -> None:
    body = desk.search()

    assert names(lives, body) == list(reversed(lives))
    assert (body["count"], body["countIsExact"], body["nextCursor"]) == (7, True, None)
    failed = next(upload for upload in body["uploads"] if upload["errorCode"] == "NO_IMAGE_GENERATED")
    assert {key: failed[key] for key in ("status", "stage", "progress", "failedStage", "attempt", "standsStill")} == {
        "status": "failed",
        "stage": "failed",
        "progress": 30,
        "failedStage": "generating",
        "attempt": 1,
        "standsStill": False,
    }
    assert moment(failed["createdAt"]) < moment(failed["updatedAt"])


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"status": "completed"}, ["complete"]),
        ({"status": "failed"}, ["blocked", "failed"]),
        ({"status": "processing"}, ["repeated"]),
        ({"status": "pending"}, ["foreign", "still", "pending"]),
        ({"stage": "generating"}, ["repeated"]),
        ({"stage": "failed"}, ["blocked", "failed"]),
        ({"stage": "complete"}, ["complete"]),
        ({"errorCode": "CONTENT_BLOCKED"}, ["blocked"]),
        ({"errorCode": "WORKER_LOST"}, []),
        ({"session": "ab" * 32}, ["foreign"]),
        ({"session": "session:" + "ab" * 8}, ["foreign"]),
        ({"minAttempt": "2"}, ["repeated"]),
        ({"minAttempt": "3"}, []),
        ({"minAttempt": "1", "status": "failed"}, ["blocked", "failed"]),
        ({"standsStill": "true"}, ["still"]),
        ({"standsStill": "false", "status": "pending"}, ["foreign", "pending"]),
        ({"status": "completed", "errorCode": "CONTENT_BLOCKED"}, []),
        ({"status": ""}, ["foreign", "still", "pending", "repeated", "blocked", "failed", "complete"]),
    ],
)
def test_a_filter_finds_what_it_says(
    desk: Desk, lives: dict[str, UUID], filters: dict[str, str], found: list[str]
) -> None:
    body = desk.search(**filters)

    assert names(lives, body) == found
    assert (body["count"], body["countIsExact"]) == (len(found), True)


def test_a_job_is_found_by_its_id_and_by_its_beginning(desk: Desk, lives: dict[str, UUID]) -> None:
    whole = str(lives["failed"])
    for text in (whole, whole.upper(), whole.replace("-", ""), whole[:8], whole[:13]):
        assert [upload["jobId"] for upload in desk.search(jobId=text)["uploads"]] == [whole]
    others = desk.search(jobId=whole[:1])["uploads"]
    assert {upload["jobId"] for upload in others} == {str(each) for each in lives.values() if str(each)[0] == whole[0]}


def test_a_pasted_token_finds_the_sessions_uploads_and_is_kept_nowhere(desk: Desk) -> None:
    upload_id, token = desk.service.submitted()
    desk.lives.project()

    body = desk.search(session=token)

    assert [upload["jobId"] for upload in body["uploads"]] == [str(upload_id)]
    session = desk.service.sessions.read(token)
    assert session
    assert body["uploads"][0]["session"] == session.actor
    assert desk.deeds()[-1].facts == {"session": session.hash[:16]}
    with desk.lives.pool.connection() as connection:
        assert token not in str(connection.execute("SELECT array_agg(a) FROM audit_log a").fetchall())


def test_times_bound_the_submission(desk: Desk, lives: dict[str, UUID]) -> None:
    created = {upload["jobId"]: upload["createdAt"] for upload in desk.search()["uploads"]}
    at = created[str(lives["blocked"])]

    assert names(lives, desk.search(createdBefore=at)) == ["failed", "complete"]
    assert names(lives, desk.search(createdAfter=at))[-1] == "blocked"
    assert desk.search(createdAfter=(datetime.now(UTC) + timedelta(days=1)).date())["count"] == 0


def test_pages_join_without_a_gap_also_where_times_are_equal(desk: Desk, lives: dict[str, UUID]) -> None:
    desk.lives.execute("UPDATE uploads SET created_at = '2026-01-02T03:04:05.678901Z'")
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        body = desk.search(limit=2, cursor=cursor)
        assert body["count"] == 7
        found += names(lives, body)
        cursor = body["nextCursor"]

    assert sorted(found) == sorted(lives)
    assert found == [name for name, _ in sorted(lives.items(), key=lambda each: each[1], reverse=True)]


def test_more_than_can_be_counted_says_so(desk: Desk, lives: dict[str, UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    for most, told in ((7, (7, True)), (6, (6, False))):
        monkeypatch.setattr("projections.queries.search.EXACT", most)
        body = desk.search(limit=1)
        assert (body["count"], body["countIsExact"]) == told
    assert len(lives) == 7


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({"stauts": "failed"}, "There is no parameter 'stauts'"),
        ({"status": "stuck"}, "`status` is 'stuck'. It must be one of pending, processing, completed, failed."),
        ({"stage": "FAILED"}, "`stage` is 'FAILED'"),
        ({"errorCode": "X"}, "`errorCode` is 'X'"),
        ({"jobId": "seven"}, "`jobId` is 'seven'"),
        ({"jobId": "0" * 33}, "It must be the id of a job or its beginning"),
        ({"jobId": "-"}, "`jobId` is '-'"),
        ({"session": "a.b"}, "`session` must be a session token"),
        ({"session": "ab"}, "`session` must be a session token"),
        ({"minAttempt": "-1"}, "`minAttempt` is '-1'. It must be a whole number from 0"),
        ({"minAttempt": "9" * 30}, "It must be a whole number from 0"),
        ({"createdAfter": "yesterday"}, "`createdAfter` is 'yesterday'"),
        ({"createdAfter": "2026-01-02T03:04:05"}, "a time with its offset"),
        ({"createdBefore": "9999-12-31T23:59:59-23:59"}, "`createdBefore` is"),
        ({"createdAfter": "2026-11-29", "createdBefore": "2026-11-28"}, "'2026-11-29' is not before `createdBefore`"),
        ({"standsStill": "1"}, "It must be true or false."),
        ({"limit": "0"}, "a whole number from 1 to 200"),
        ({"limit": "201"}, "a whole number from 1 to 200"),
        ({"cursor": "x"}, "`cursor` is 'x'. It must be the nextCursor of an answer"),
        ({"cursor": DEEP}, "It must be the nextCursor of an answer"),
        ({"cursor": "WzEsMl0"}, "It must be the nextCursor of an answer"),
    ],
)
def test_a_filter_that_cannot_be_understood_is_refused_with_its_value(
    desk: Desk, filters: dict[str, str], told: str
) -> None:
    response = desk.get("uploads", **filters)

    assert error_of(response) == (400, "BAD_REQUEST")
    assert told in response.json()["error"]["message"]
    assert desk.deeds() == []


def test_a_filter_that_is_given_twice_is_refused(desk: Desk) -> None:
    answer = desk.service.client.get("/api/support/uploads?status=failed&status=pending", headers=desk.signed("vera"))
    assert error_of(answer) == (400, "BAD_REQUEST")


def test_every_search_is_recorded_with_what_was_searched_for(desk: Desk) -> None:
    desk.get("uploads", status="failed", minAttempt=2)

    (deed,) = desk.deeds()
    assert (deed.actor, deed.action, deed.upload_id) == ("staff:vera", "searched", None)
    assert deed.facts == {"status": "failed", "minAttempt": "2"}
    assert deed.request_id


def test_what_cannot_be_recorded_is_not_shown(desk: Desk, lives: dict[str, UUID]) -> None:
    desk.lives.execute("ALTER TABLE audit_log RENAME TO away")
    assert lives
    response = desk.get("uploads")
    assert response.status_code >= 500
    assert "uploads" not in response.json()
