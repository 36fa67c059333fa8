"""Invariant 2 for uploads that wait: some wait their turn, some were overtaken or wait for a time that never comes."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from projections.audit.evidence import Violation
from projections.audit.verification import Verification
from tests.integration.invariants.violations import LONG, only, violations
from tests.lives import Lives
from tests.submissions import WORKER

STEP = timedelta(minutes=11)


def test_a_lease_that_lies_further_ahead_than_one_lasts_holds_nothing(lives: Lives) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    lives.project()
    lives.age(upload_id, LONG)
    lives.execute("INSERT INTO leases VALUES (%s, 'w', clock_timestamp() + interval '11 minutes')", upload_id)
    assert "stands still since 30" in only(lives, upload_id)[1]


def test_after_a_step_back_an_upload_stands_since_the_log_went_on(lives: Lives) -> None:
    upload_id, ended = lives.reached(Stage.GENERATING), lives.complete()
    lives.project()
    lives.age(upload_id, -STEP)
    assert violations(lives) == [], "the log has gone on just now"
    lives.age(ended, LONG)
    assert "stands still since 30" in only(lives, upload_id)[1]


@pytest.mark.parametrize(("step", "is_found"), [(STEP, True), (timedelta(seconds=60), False)])
def test_a_log_that_never_went_on_stands_as_long_as_the_step(lives: Lives, step: timedelta, *, is_found: bool) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    lives.project()
    lives.age(upload_id, -step)
    assert [violation.upload_id for violation in violations(lives)] == ([upload_id] if is_found else [])


def test_a_row_that_lags_behind_an_event_from_before_the_step_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    lives.age(upload_id, -STEP)
    assert re.search(r"its row is missing although version 1 is 6[56]\d s old", only(lives, upload_id)[1])


def test_a_wait_for_a_time_in_the_next_millennium_is_found(lives: Lives) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    never = datetime(9999, 1, 1, tzinfo=UTC)
    lives.uploads.execute(
        upload_id,
        Upload.fail_attempt,
        FailureCode.GENERATION_UNAVAILABLE,
        never,
        stage=Stage.GENERATING,
        attempt=1,
        by=WORKER,
    )
    lives.project()
    assert violations(lives) == []
    lives.age(upload_id, LONG)
    assert "stands still since 30" in only(lives, upload_id)[1]


def test_one_that_stands_behind_waits_for_those_that_stand_behind_before_it(lives: Lives) -> None:
    before, waiting = (_submitted_long_ago(lives) for _ in range(2))
    lives.run(before, Stage.COMPLETE)
    lives.run(lives.submitted(), Stage.COMPLETE)
    lives.project()
    assert _of(lives, before, waiting) == [], "its own queue moves and has not come to it"
    assert _of(lives, waiting) == [waiting], "its own queue does not move"
    passes_it = lives.submitted()
    lives.run(passes_it, Stage.COMPLETE)
    lives.project()
    assert _of(lives, before, waiting, passes_it) == [waiting], "its own queue has passed it"


def test_one_of_the_first_lane_does_not_hide_behind_those_that_wait_longer(lives: Lives) -> None:
    behind, lost = (_submitted_long_ago(lives) for _ in range(2))
    lives.run(behind, Stage.COMPLETE)
    lives.run(lives.submitted(), Stage.COMPLETE)
    lives.project()
    assert _of(lives, behind) == [lost]


def _submitted_long_ago(lives: Lives) -> UUID:
    upload_id = lives.submitted()
    lives.age(upload_id, LONG)
    return upload_id


def _of(lives: Lives, *behind: UUID) -> list[UUID | None]:
    """Who is told to stand still, when these stand behind the others."""
    found: list[Violation] = list(Verification(lives.pool, lives.store, lambda _: set(behind)).violations())
    assert all("stands still" in violation.sentence for violation in found)
    return [violation.upload_id for violation in found]
