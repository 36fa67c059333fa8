"""The groups of failures are what the log makes of them, and a group whose counts do not fit is found."""

from datetime import timedelta

import pytest

from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from projections.audit.verification import Verification
from projections.rows.failure_groups import failure_grouper
from tests.integration.invariants.violations import LONG, violations
from tests.lives import Lives
from tests.submissions import WORKER


@pytest.fixture
def grouped(lives: Lives) -> Lives:
    """Two groups: one of two uploads, of which one failed twice, and one of an upload that was erased, and another."""
    for code in (FailureCode.NO_IMAGE_GENERATED, FailureCode.CONTENT_BLOCKED):
        lives.failed(Stage.GENERATING, code)
    again = lives.failed(Stage.GENERATING)
    lives.uploads.execute(again, Upload.retry, by="session:0")
    lives.uploads.start_attempt(lives.uploads.get(again), by=WORKER)
    lives.uploads.execute(
        again, Upload.fail, FailureCode.NO_IMAGE_GENERATED, stage=Stage.GENERATING, attempt=2, by=WORKER
    )
    lives.uploads.execute(lives.submitted(), Upload.cancel, by="session:0")
    erased = lives.failed(Stage.GENERATING, FailureCode.CONTENT_BLOCKED)
    _group(lives)
    lives.uploads.erase(erased, by="operator:root")
    _group(lives)
    lives.project()
    for key in list(lives.store.keys(f"{erased}/")):
        lives.store.delete(key)
    return lives


def _group(lives: Lives) -> None:
    failure_grouper(lives.log, lives.pool).catch_up()


def test_groups_that_fit_the_log_hold_and_are_counted(grouped: Lives, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.audit.failure_groups.PAGE", 3)
    verification = Verification(grouped.pool, grouped.store)
    assert list(verification.violations()) == []
    assert verification.checked["groups of failures"] == 2


def test_failures_that_their_reader_has_not_read_yet_are_no_violation(grouped: Lives) -> None:
    grouped.failed(Stage.VALIDATING)
    grouped.project()
    assert violations(grouped) == []


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (
            "UPDATE failure_groups SET uploads = uploads + 1 WHERE code = 'CONTENT_BLOCKED'",
            "uploads is 3, by the log 2",
        ),
        ("UPDATE failure_groups SET sessions = 7 WHERE code = 'CONTENT_BLOCKED'", "sessions is 7, by the log 1"),
        ("UPDATE failure_groups SET first_at = first_at - interval '1 s'", "first_at is "),
        ("UPDATE failure_groups SET last_at = last_at + interval '1 s'", "last_at is "),
        ("UPDATE failure_groups SET last_position = 1", "last_position is 1, by the log "),
        ("UPDATE failure_groups SET cause = 'another'", "cause is 'another', by the log "),
        ("UPDATE failure_groups SET sample = NULL", "its sample is none of its uploads"),
        ("UPDATE failure_groups SET sample = gen_random_uuid()", "its sample is none of its uploads"),
        ("UPDATE failure_group_days SET failures = failures + 1", "days is {"),
        ("DELETE FROM failure_group_days", "days is {}, by the log {"),
        ("DELETE FROM failure_group_sessions", "sessions_kept is 0, by the log 1"),
        ("DELETE FROM failure_group_uploads", "it is not in its group of failures "),
        (
            "INSERT INTO failure_group_uploads SELECT group_id, gen_random_uuid() FROM failure_groups",
            "uploads_kept is ",
        ),
        ("DELETE FROM failure_groups", "is missing, although the log has its failures"),
        (
            "INSERT INTO failure_groups VALUES ('feed', 'WORKER_LOST', NULL, 'x', 1, 1, now(), now(), 1, NULL)",
            "group of failures feed: is there, although the log has no such failure",
        ),
        ("INSERT INTO failure_group_sessions VALUES ('feed', 'x')", "feed: is missing, although other tables name it"),
    ],
)
def test_a_group_that_does_not_fit_the_log_is_found(grouped: Lives, damage: str, sentence: str) -> None:
    grouped.execute(damage)
    found = [str(violation) for violation in violations(grouped)]
    assert any(sentence in line for line in found), found
    assert all(line.startswith("invariant 4: ") for line in found)


def test_a_reader_of_failures_that_stands_still_is_found(grouped: Lives) -> None:
    grouped.execute("UPDATE positions SET updated_at = updated_at - interval '5 min'")
    assert violations(grouped) == []

    late = grouped.failed(Stage.GENERATING)
    grouped.project()
    grouped.age(late, LONG)
    grouped.execute("UPDATE positions SET updated_at = clock_timestamp() WHERE reader = 'failures'")
    assert not any("stands still" in str(violation) for violation in violations(grouped)), "it goes on"

    grouped.execute("UPDATE positions SET updated_at = clock_timestamp() - interval '5 min' WHERE reader = 'failures'")
    assert any("their reader stands still at position" in str(violation) for violation in violations(grouped))


def test_clocks_that_step_back_within_a_page_leave_the_latest_time(lives: Lives) -> None:
    _, second, third = [lives.failed(Stage.GENERATING) for _ in range(3)]
    lives.age(second, timedelta(seconds=-30))
    lives.age(third, timedelta(seconds=30))
    _group(lives)
    with lives.pool.connection() as connection:
        ((last, latest),) = connection.execute(
            "SELECT last_at, (SELECT max(recorded_at) FROM event_log WHERE upload_id = %s) FROM failure_groups",
            (second,),
        ).fetchall()
    assert last == latest
