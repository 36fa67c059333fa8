"""Invariant 4: the read model says what the log says, and lags only for a while."""

import re

import pytest
from psycopg.types.json import Jsonb

from domain.stages import Stage
from domain.upload import Upload
from tests.integration.invariants.violations import LONG, SHORT, only, violations
from tests.lives import Lives
from tests.submissions import WORKER


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("progress = 45", "uploads.progress is 45, the log says 30."),
        ("attempts_left = 0", "uploads.attempts_left is 0, the log says 2."),
        ("created_at = '2020-01-01Z'", "uploads.created_at is 2020-01-01 00:00:00+00:00, the log says "),
        (
            "progress = 45, attempt = 7",
            "uploads.progress is 45, the log says 30; uploads.attempt is 7, the log says 1.",
        ),
    ],
)
def test_a_row_that_differs_from_the_log_is_found_with_its_values(lives: Lives, change: str, sentence: str) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    lives.project()
    lives.execute(f"UPDATE uploads SET {change}")
    invariant, found = only(lives, upload_id)
    assert invariant == 4
    assert found.startswith(sentence)


def test_a_result_that_differs_from_the_log_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    lives.project()
    lives.execute("UPDATE results SET model = 'another'")
    assert only(lives, upload_id) == (4, "results.model is another, the log says local/test.")


def test_a_missing_result_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    lives.project()
    lives.execute("DELETE FROM results")
    assert only(lives, upload_id) == (4, "its row in results is missing.")


def test_a_result_that_the_log_does_not_know_is_found(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.project()
    picture = {"key": f"{upload_id}/x", "sha256": "a", "size": 1, "width": 1, "height": 1, "media_type": "image/jpeg"}
    lives.execute(
        "INSERT INTO results VALUES (gen_random_uuid(), %s, 'm', %s, NULL, clock_timestamp())",
        *(upload_id, Jsonb(picture)),
    )
    assert only(lives, upload_id) == (4, "it has a row in results that the log does not know.")


def test_a_row_that_is_ahead_of_the_log_is_found(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.project()
    lives.execute("UPDATE uploads SET version = 7")
    assert only(lives, upload_id) == (4, "its row is at version 7, the log at 1.")


def test_a_row_that_fits_no_shape_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    lives.project()
    lives.execute("UPDATE results SET full_image = %s", Jsonb({"key": 5}))
    invariant, sentence = only(lives, upload_id)
    assert invariant == 4
    assert sentence.startswith("its row cannot be read: ")


def test_a_row_may_lag_for_a_while_and_is_compared_with_its_own_version(lives: Lives) -> None:
    upload_id = lives.reached(Stage.VALIDATING)
    lives.project()
    lives.uploads.execute(upload_id, Upload.advance, Stage.GENERATING, 30, attempt=1, by=WORKER)
    missing = lives.complete()
    lives.age(missing, SHORT)
    assert violations(lives) == []
    lives.execute("UPDATE uploads SET attempt = 2")
    assert only(lives, upload_id) == (4, "uploads.attempt is 2, the log says 1.")


def test_a_row_that_lags_for_too_long_is_found(lives: Lives) -> None:
    upload_id = lives.failed(Stage.VALIDATING)
    lives.project()
    lives.uploads.execute(upload_id, Upload.retry, by="session:0")
    lives.uploads.execute(upload_id, Upload.cancel, by="session:0")
    lives.age(upload_id, LONG)
    assert violations(lives) == [], "the projector has just moved, and may be on its way"
    lives.execute("UPDATE positions SET updated_at = updated_at - %s", LONG)
    invariant, sentence = only(lives, upload_id)
    assert invariant == 4
    assert re.fullmatch(r"its row is at version 4 although version 5 is 3[01]\d s old\.", sentence)


def test_a_row_that_is_missing_for_too_long_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    lives.age(upload_id, LONG)
    invariant, sentence = only(lives, upload_id)
    assert invariant == 4
    assert re.fullmatch(r"its row is missing although version 1 is 3[01]\d s old\.", sentence)


def test_a_row_that_the_projector_has_skipped_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    lives.age(upload_id, LONG)
    lives.project()
    lives.execute("DELETE FROM uploads")
    lives.execute("DELETE FROM results")
    assert only(lives, upload_id)[0] == 4


def test_a_quarantined_upload_is_found_with_the_error_that_stopped_it(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.project()
    lives.insert(upload_id, 2, "upload.teleported")
    lives.project()
    found = {violation.invariant: violation.sentence for violation in violations(lives)}
    assert set(found) == {3, 4}
    assert found[4].startswith("its row has stopped before position 2: ")
    assert "upload.teleported" in found[4]


def test_a_violation_is_one_line_though_the_error_of_a_quarantined_row_has_two(lives: Lives) -> None:
    upload_id = lives.reached(Stage.VALIDATING)
    lives.insert(upload_id, 4, "upload.stage-advanced", attempt=1, stage="generating", progress=99)
    lives.project()
    told = [violation.sentence for violation in violations(lives) if violation.invariant == 4]
    assert len(told) == 1
    assert "uploads_progress_check" in told[0]
    assert "\n" not in told[0]
