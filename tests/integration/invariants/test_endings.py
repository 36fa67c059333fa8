"""Invariant 2: every upload comes to an end, and nothing but a retry follows it."""

import re
from datetime import UTC, datetime, timedelta

from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from tests.integration.invariants.violations import LONG, SHORT, hold, only, violations
from tests.lives import Lives
from tests.submissions import WORKER


def test_an_open_upload_that_stands_still_is_found_and_an_ended_one_is_not(lives: Lives) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    ended = [lives.complete(), lives.failed(Stage.VALIDATING)]
    lives.project()
    for aged in (upload_id, *ended):
        lives.age(aged, LONG)
    invariant, sentence = only(lives, upload_id)
    assert invariant == 2
    assert "stands still since 30" in sentence
    assert "version 4 (upload.stage-advanced)" in sentence


def test_an_upload_may_stand_for_a_while(lives: Lives) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    lives.project()
    lives.age(upload_id, SHORT)
    assert violations(lives) == []


def test_an_upload_that_a_live_run_holds_does_not_stand_still(lives: Lives) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    lives.project()
    lives.age(upload_id, LONG)
    hold(lives, upload_id)
    assert violations(lives) == []


def test_an_upload_that_waits_for_its_next_attempt_does_not_stand_still_until_that_is_due(lives: Lives) -> None:
    later = datetime.now(UTC) + timedelta(minutes=1)
    for retry_at in (later, datetime.now(UTC) - timedelta(minutes=3)):
        upload_id = lives.reached(Stage.GENERATING)
        lives.uploads.execute(
            upload_id,
            Upload.fail_attempt,
            FailureCode.GENERATION_UNAVAILABLE,
            retry_at,
            stage=Stage.GENERATING,
            attempt=1,
            by=WORKER,
        )
        lives.project()
        lives.age(upload_id, LONG)
    invariant, sentence = only(lives, upload_id)
    assert (invariant, bool(re.search(r"stands still since 1[89]\d s", sentence))) == (2, True)


def test_an_upload_in_a_moving_queue_does_not_stand_still_unless_the_queue_has_passed_it(
    lives: Lives,
) -> None:
    first, waiting = lives.submitted(), lives.submitted()
    lives.age(first, LONG)
    lives.age(waiting, LONG)
    lives.run(first, Stage.VALIDATING)
    lives.project()
    assert violations(lives) == []
    lives.reached(Stage.VALIDATING)
    lives.project()
    invariant, sentence = only(lives, waiting)
    assert (invariant, "stands still since 30" in sentence) == (2, True)


def test_what_follows_a_completion_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    last = lives.log.history(upload_id)[-1].version
    lives.insert(upload_id, last + 1, "upload.attempt-started", attempt=2)
    lives.project()
    assert only(lives, upload_id) == (
        2,
        f"version {last + 1} (upload.attempt-started) follows its end at version {last} (upload.stage-advanced).",
    )


def test_what_follows_a_failure_without_a_retry_is_found(lives: Lives) -> None:
    upload_id = lives.failed(Stage.VALIDATING)
    lives.insert(upload_id, 5, "upload.stage-advanced", attempt=1, stage="generating", progress=30)
    lives.execute("DELETE FROM uploads")
    assert only(lives, upload_id) == (
        2,
        "version 5 (upload.stage-advanced) follows its end at version 4 (upload.failed).",
    )


def test_a_retry_of_an_upload_that_had_not_failed_is_found(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.insert(upload_id, 2, "upload.retried")
    lives.project()
    assert only(lives, upload_id) == (2, "version 2 (upload.retried) retries an upload that had not failed.")
