"""Invariants 1, 3 and 5: a stream begins with its submission, moves forward without a gap, and has one result."""

from typing import Any
from uuid import uuid4

import pytest

from domain.stages import Stage
from domain.upload import Upload
from tests.integration.invariants.violations import LONG, only, violations
from tests.lives import Lives
from tests.submissions import WORKER


@pytest.mark.parametrize("table", ["uploads", "results", "quarantine"])
def test_a_row_without_a_stream_is_found(lives: Lives, table: str) -> None:
    upload_id = lives.complete()
    lives.project()
    ghost = uuid4()
    match table:
        case "uploads":
            lives.execute("INSERT INTO uploads (upload_id, version) VALUES (%s, 1)", ghost)
        case "quarantine":
            lives.execute("INSERT INTO quarantine (upload_id, position, error) VALUES (%s, 1, '')", ghost)
        case "results":
            lives.execute(
                "INSERT INTO results (result_id, upload_id, model, full_image, created_at)"
                " SELECT gen_random_uuid(), %s, model, full_image, created_at FROM results WHERE upload_id = %s",
                *(ghost, upload_id),
            )
    assert only(lives, ghost) == (1, "it has a row, but no event in the log.")


def test_a_stream_that_does_not_begin_with_its_submission_is_found(lives: Lives) -> None:
    upload_id = uuid4()
    lives.insert(upload_id, 1, "upload.attempt-started", attempt=1)
    assert only(lives, upload_id) == (1, "its stream begins with upload.attempt-started, not with upload.submitted.")


def test_a_second_submission_in_a_stream_is_found(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.project()
    facts = {"session_hash": "e" * 64, "original_sha256": "f" * 64, "original_size": 1, "prompt_version": 1}
    lives.insert(upload_id, 2, "upload.submitted", **facts)
    assert only(lives, upload_id) == (1, "it was submitted again, at version 2.")
    lives.project()
    assert [violation.invariant for violation in violations(lives)] == [1, 4]


def test_a_missing_version_is_found(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.project()
    lives.insert(upload_id, 3, "upload.attempt-started", attempt=1)
    assert only(lives, upload_id) == (3, "version 2 is missing; the next one is 3.")


@pytest.mark.parametrize(
    ("stage", "progress", "sentence"),
    [
        ("validating", 10, "goes back from generating to validating."),
        ("generating", 29, "has generating at 29, outside of its band."),
        ("generating", 71, "has generating at 71, outside of its band."),
        ("watermarking", 90, "goes from generating to watermarking, past a stage."),
        ("failed", 50, "has failed at 50, outside of its band."),
    ],
)
def test_an_advance_that_the_domain_would_refuse_is_found(
    lives: Lives, stage: str, progress: int, sentence: str
) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    lives.insert(upload_id, 5, "upload.stage-advanced", attempt=1, stage=stage, progress=progress)
    assert (3, f"version 5 {sentence}") in [(found.invariant, found.sentence) for found in violations(lives)]


def test_progress_that_falls_is_found(lives: Lives) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    lives.uploads.execute(upload_id, Upload.advance, Stage.GENERATING, 60, attempt=1, by=WORKER)
    lives.insert(upload_id, 6, "upload.stage-advanced", attempt=1, stage="generating", progress=40)
    lives.project()
    assert only(lives, upload_id) == (3, "version 6 lets progress fall from 60 to 40.")


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("upload.teleported", {}),
        ("upload.attempt-started", {}),
        ("upload.attempt-started", {"attempt": "first"}),
        ("upload.attempt-started", {"attempt": 1, "schema_version": "x"}),
    ],
)
def test_an_event_that_cannot_be_read_is_found_and_ends_nothing(lives: Lives, name: str, facts: dict[str, Any]) -> None:
    upload_id = lives.submitted()
    lives.project()
    lives.insert(upload_id, 2, name, **facts)
    other = lives.submitted()
    lives.execute("INSERT INTO uploads (upload_id, version) VALUES (%s, 9)", other)
    found = {violation.upload_id: violation for violation in violations(lives)}
    assert set(found) == {upload_id, other}
    assert found[upload_id].invariant == 3
    assert found[upload_id].sentence.startswith(f"version 2 ({name}) cannot be read: ")


def test_a_row_past_an_event_that_cannot_be_read_is_not_judged(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.project()
    lives.insert(upload_id, 2, "upload.teleported")
    lives.execute("UPDATE uploads SET version = 2")
    invariant, _ = only(lives, upload_id)
    assert invariant == 3


def test_every_fault_of_a_stream_that_cannot_be_read_at_all_is_found(lives: Lives) -> None:
    upload_id = uuid4()
    lives.insert(upload_id, 1, "upload.teleported")
    lives.age(upload_id, LONG)
    assert [violation.invariant for violation in violations(lives)] == [1, 3, 2, 4]


def test_a_second_result_in_a_stream_is_found(lives: Lives) -> None:
    upload_id = lives.reached(Stage.STORING)
    (stored,) = (logged for logged in lives.log.history(upload_id) if logged.name == "upload.result-stored")
    lives.execute(
        "INSERT INTO event_log (upload_id, version, name, event_id, actor, correlation_id, schema_version, state)"
        " SELECT upload_id, 7, name, event_id, actor, correlation_id, schema_version, state FROM event_log"
        " WHERE position = %s",
        stored.position,
    )
    assert only(lives, upload_id) == (5, "2 results are recorded, at versions 5, 7.")
