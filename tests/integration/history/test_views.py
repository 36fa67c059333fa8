"""The analysts' views over a known history: each row is what can be worked out by hand."""

from datetime import timedelta
from typing import Any, Final

import psycopg
import pytest

from domain.stages import Stage
from tests.integration.history.known import (
    BLOCKED,
    CANCELLED,
    ERASED,
    GOOD,
    LOST,
    MODEL,
    MONDAY,
    REPEATED,
    TUESDAY,
    folded,
    streams,
)

VIEWS: Final = {
    "event_history",
    "attempts",
    "stage_durations",
    "upload_outcomes",
    "daily_funnel",
    "failures",
    "paid_calls",
    "audit_history",
}
Analyst = psycopg.Connection[Any]


def rows(connection: Analyst, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode()).fetchall()


def test_every_column_of_every_view_is_described(analyst: Analyst) -> None:
    missing = """
        SELECT c.relname, a.attname FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v' AND has_table_privilege(c.oid, 'SELECT')
          AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)
    """
    assert rows(analyst, missing) == []


def test_an_event_is_a_row_with_its_facts_as_columns(analyst: Analyst) -> None:
    seen = rows(
        analyst, "SELECT name, recorded_at, attempt, stage, progress, code FROM event_history ORDER BY position"
    )
    expected = sorted((pair for stream in streams() for pair in stream), key=lambda pair: pair[1])

    assert [(row[0], row[1]) for row in seen] == [(event.NAME, at) for event, at in expected]
    assert seen[4] == ("upload.stage-advanced", MONDAY + timedelta(seconds=13), 1, "generating", 70, None)


def test_a_whole_session_hash_is_in_no_view(analyst: Analyst) -> None:
    for view in VIEWS:
        shown = rows(analyst, f"SELECT * FROM {view}")
        assert shown
        assert "e" * 64 not in str(shown)


def test_an_event_whose_facts_have_wrong_types_is_shown_with_nulls(known_url: str, analyst: Analyst) -> None:
    facts = """{"event_id": "00000000-0000-4000-8000-000000000001", "actor": "x", "correlation_id": "c",
               "attempt": "one",
               "progress": 1e400, "retry_at": "soon", "result_id": 7, "full": "none", "prompt_version": null}"""
    with psycopg.connect(known_url) as connection:
        insert = (
            "INSERT INTO event_log (upload_id, version, name, state) VALUES (gen_random_uuid(), 1, 'upload.odd', %s)"
        )
        connection.execute(insert, (facts,))

    shown = "SELECT attempt, progress, retry_at, result_id, picture_size, prompt_version FROM event_history"
    assert rows(analyst, f"{shown} WHERE name = 'upload.odd'") == [(None,) * 6]
    for view in VIEWS:
        assert rows(analyst, f"SELECT * FROM {view}")


def test_an_attempt_is_a_row_that_says_how_it_ended(analyst: Analyst) -> None:
    found = rows(analyst, "SELECT upload_id, attempt, outcome, code, stage, seconds FROM attempts ORDER BY 1, 2")
    assert found == [
        (GOOD, 1, "completed", None, "complete", 15),
        (REPEATED, 1, "put-back", "GENERATION_UNAVAILABLE", "generating", 6),
        (REPEATED, 2, "completed", None, "complete", 25),
        (BLOCKED, 1, "failed", "CONTENT_BLOCKED", "generating", 4),
        (LOST, 1, "lost", "WORKER_LOST", "generating", None),
        (LOST, 2, "running", None, None, None),
        (ERASED, 1, "failed", "IMAGE_TRUNCATED", "validating", 2),
    ]


def test_a_stage_takes_as_long_as_the_work_on_it(analyst: Analyst) -> None:
    query = (
        "SELECT attempt, stage, seconds, finished, model FROM stage_durations WHERE upload_id = '{}' ORDER BY began_at"
    )
    assert rows(analyst, query.format(GOOD)) == [
        (1, "validating", 1, True, MODEL),
        (1, "generating", 10, True, MODEL),
        (1, "storing", 2, True, MODEL),
        (1, "watermarking", 2, True, MODEL),
    ]
    assert rows(analyst, query.format(REPEATED))[:3] == [
        (1, "validating", 1, True, MODEL),
        (1, "generating", 5, False, MODEL),
        (2, "generating", 20, True, MODEL),
    ]
    assert rows(analyst, query.format(CANCELLED)) == []


def test_an_outcome_is_what_the_fold_says(analyst: Analyst) -> None:
    query = """SELECT upload_id, status, stage, reached, progress, attempts, code, failed_stage, prompt_version
               FROM upload_outcomes ORDER BY upload_id"""
    expected = [
        (
            upload.id,
            upload.status,
            upload.stage,
            upload.reached,
            upload.progress,
            upload.attempt,
            upload.error_code,
            upload.failed_stage,
            upload.prompt_version,
        )
        for upload in sorted(folded().values(), key=lambda upload: upload.id)
    ]
    assert rows(analyst, query) == expected


def test_an_outcome_says_how_long_it_took_and_what_was_paid(analyst: Analyst) -> None:
    query = "SELECT waited_seconds, total_seconds, paid_calls, erased_at FROM upload_outcomes ORDER BY upload_id"
    assert rows(analyst, query) == [
        (2, 17, 1, None),
        (1, 62, 2, None),
        (4, 8, 1, None),
        (None, 30, 0, None),
        (6, None, 1, None),
        (1, 3, 0, TUESDAY + timedelta(hours=1)),
    ]


def test_a_day_is_a_row_that_says_how_far_its_uploads_came(analyst: Analyst) -> None:
    assert rows(analyst, "SELECT * FROM daily_funnel ORDER BY day") == [
        (MONDAY.date(), 1, 2, 2, 2, 2, 2, 2, 0, 0, 0, 3),
        (TUESDAY.date(), 2, 4, 3, 2, 0, 0, 0, 2, 1, 1, 2),
    ]


def test_a_failure_is_a_row_of_its_kind(analyst: Analyst) -> None:
    query = "SELECT upload_id, kind, code, stage, attempt, after_seconds FROM failures ORDER BY position"
    assert rows(analyst, query) == [
        (REPEATED, "put-back", "GENERATION_UNAVAILABLE", "generating", 1, 7),
        (BLOCKED, "failed", "CONTENT_BLOCKED", "generating", 1, 8),
        (CANCELLED, "failed", "CANCELLED", None, 0, 30),
        (ERASED, "failed", "IMAGE_TRUNCATED", "validating", 1, 3),
    ]


def test_a_paid_call_says_whether_a_picture_came_of_it(analyst: Analyst) -> None:
    assert rows(analyst, "SELECT upload_id, attempt, outcome FROM paid_calls ORDER BY call_id") == [
        (GOOD, 1, "result"),
        (REPEATED, 1, "nothing"),
        (REPEATED, 2, "result"),
        (BLOCKED, 1, "nothing"),
        (LOST, 1, "open"),
    ]


@pytest.mark.parametrize("stage", [Stage.VALIDATING, Stage.COMPLETE])
def test_a_failed_upload_never_shows_a_stage_of_the_pipeline(analyst: Analyst, stage: Stage) -> None:
    assert rows(analyst, f"SELECT FROM upload_outcomes WHERE status = 'failed' AND stage = '{stage}'") == []


def test_the_audit_history_has_what_staff_looked_at_and_what_they_did(known_url: str, analyst: Analyst) -> None:
    with psycopg.connect(known_url) as connection:
        look = "INSERT INTO audit_log (actor, action, upload_id, request_id) VALUES ('staff:vera', 'looked', %s, 'r')"
        connection.execute(look, (GOOD,))
    query = "SELECT source, actor, action, upload_id, reason FROM audit_history ORDER BY source"
    assert rows(analyst, query) == [
        ("audit log", "staff:vera", "looked", GOOD, None),
        ("event log", "staff:erika", "upload.erased", ERASED, None),
    ]
