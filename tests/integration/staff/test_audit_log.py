"""The audit log: every change of staff is in it, `darkroom audit` shows it, and `darkroom verify` finds a gap."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result

from app.cli import darkroom
from domain.staff import Role, StaffRequest
from domain.upload import Upload
from projections.audit.verification import Verification
from projections.log.schema import migrate
from projections.staff.audit_log import Action, AuditLog, DeedSearch, Entry
from projections.staff.members import Staff
from tests.lives import Lives


def run(*arguments: object) -> Result:
    return CliRunner().invoke(darkroom, [str(argument) for argument in arguments])


def audited(data: Path, *more: object) -> list[dict[str, Any]]:
    result = run("audit", "--since", "1h", "--json", *more, "--data", data)
    assert result.exit_code == 0, result.output
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


def violations(lives: Lives) -> list[str]:
    return [str(violation) for violation in Verification(lives.pool, lives.store).violations()]


def searched(lives: Lives, times: int = 1) -> None:
    for _ in range(times):
        AuditLog(lives.pool).record(Entry(actor="staff:erika", action=Action.SEARCHED, facts={"status": "failed"}))


def without_trigger(lives: Lives, statement: str) -> None:
    lives.execute("ALTER TABLE audit_log DISABLE TRIGGER audit_log_is_append_only")
    lives.execute(statement)
    lives.execute("ALTER TABLE audit_log ENABLE TRIGGER audit_log_is_append_only")


def test_every_change_of_staff_is_a_row_that_names_the_account(lives: Lives, data: Path) -> None:
    run("staff", "add", "erika", "--role", "agent", "--data", data)
    run("staff", "rotate", "erika", "--role", "admin", "--data", data)
    run("staff", "revoke", "erika", "--data", data)

    rows = audited(data)
    assert [(row["number"], row["action"], row["subject"], row["facts"]["role"]) for row in rows] == [
        (1, "staff-added", "erika", "agent"),
        (2, "staff-rotated", "erika", "admin"),
        (3, "staff-revoked", "erika", "admin"),
    ]
    assert {row["actor"].partition(":")[0] for row in rows} == {"operator"}
    assert lives.log.last_position() == 0


def test_a_change_that_was_refused_leaves_no_row(lives: Lives, data: Path) -> None:
    run("staff", "revoke", "erika", "--data", data)

    assert audited(data) == []
    assert violations(lives) == []


def test_what_was_done_to_an_upload_stands_between_the_rows(lives: Lives, data: Path) -> None:
    upload_id, other = lives.complete(), lives.submitted()
    AuditLog(lives.pool).record(Entry(actor="staff:erika", action=Action.LOOKED, upload_id=upload_id))
    lives.uploads.erase(upload_id, by="staff:erika")
    AuditLog(lives.pool).record(Entry(actor="staff:max", action=Action.LOOKED, upload_id=other))

    told = [(row["action"], row["actor"], row["jobId"]) for row in audited(data)]
    assert told == [
        ("looked", "staff:erika", str(upload_id)),
        ("upload.erased", "staff:erika", str(upload_id)),
        ("looked", "staff:max", str(other)),
    ]
    assert len(audited(data, "--by", "erika")) == 2
    assert [row["actor"] for row in audited(data, "--upload", other)] == ["staff:max"]
    assert [row["actor"] for row in audited(data, "--upload", str(other)[:8])] == ["staff:max"]
    missing = run("audit", "--since", "1h", "--upload", "ffffffff-ffff", "--data", data)
    assert (missing.exit_code, "no upload that begins with 'ffffffff-ffff'" in missing.output) == (1, True)
    assert "staff:erika  erased  " in run("audit", "--since", "1h", "--data", data).stdout


def test_people_read_what_was_looked_at_and_that_a_cancel_was_one(lives: Lives, data: Path) -> None:
    upload_id, asked = lives.submitted(), StaffRequest("Ticket 4711.", "request-1")
    look = Entry(actor="staff:erika", action=Action.LOOKED, upload_id=upload_id, facts={"what": "timeline"})
    AuditLog(lives.pool).record(look)
    lives.uploads.execute(upload_id, Upload.cancel, by="staff:erika", request=asked)

    looked, cancelled = run("audit", "--since", "1h", "--data", data).stdout.splitlines()
    assert looked.endswith(f"  staff:erika  looked  at the timeline  {upload_id}")
    assert f"  staff:erika  cancelled  {upload_id}  " in cancelled


def test_since_a_later_moment_there_is_nothing(lives: Lives, data: Path) -> None:
    searched(lives)

    result = run("audit", "--since", "2999-01-01T00:00:00Z", "--data", data)
    assert (result.exit_code, result.stdout) == (0, "")
    assert run("audit", "--since", "yesterday", "--data", data).exit_code == 2
    unnamed = run("audit", "--since", "1h", "--by", "Erika Muster", "--data", data)
    assert (unnamed.exit_code, "'Erika Muster' is no name" in unnamed.stderr) == (2, True)
    assert run("audit", "--data", data).exit_code == 2


@pytest.mark.parametrize(
    "change",
    ["UPDATE audit_log SET actor = 'staff:max'", "DELETE FROM audit_log", "TRUNCATE audit_log"],
)
def test_no_row_can_be_changed_or_deleted(lives: Lives, change: str) -> None:
    searched(lives)

    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        lives.execute(change)


def test_writers_at_the_same_time_leave_no_gap(lives: Lives) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: searched(lives, 10), range(4)))

    assert violations(lives) == []
    verification = Verification(lives.pool, lives.store)
    list(verification.violations())
    assert verification.checked["rows of the audit log"] == 40


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("DELETE FROM audit_log WHERE number = 3", "number 3 is missing: rows were taken away."),
        ("DELETE FROM audit_log WHERE number < 3", "number 1 to 2 is missing: rows were taken away."),
        (
            "UPDATE audit_log SET actor = 'staff:max' WHERE number = 2",
            "number 2 is not what was written, or number 1 is not.",
        ),
        (
            "UPDATE audit_log SET facts = '{}' WHERE number = 5",
            "number 5 is not what was written, or number 4 is not.",
        ),
    ],
)
def test_verify_finds_what_was_taken_away_or_changed(
    lives: Lives, data: Path, monkeypatch: pytest.MonkeyPatch, tampering: str, told: str
) -> None:
    monkeypatch.setattr("projections.audit.audit_log.PAGE", 2)
    searched(lives, 5)
    without_trigger(lives, tampering)

    assert violations(lives)[0] == f"invariant 10: audit log: {told}"
    result = run("verify", "--data", data)
    assert (result.exit_code, told in result.stdout) == (1, True)


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("DELETE FROM audit_log WHERE number = 3", "number 3 is missing: rows were taken away at the end."),
        ("DELETE FROM audit_log WHERE number > 1", "number 2 to 3 is missing: rows were taken away at the end."),
        ("DELETE FROM audit_log", "number 1 to 3 is missing: rows were taken away at the end."),
        ("DELETE FROM audit_log_head", "the head is missing: rows at the end may have been taken away."),
        ("UPDATE audit_log_head SET number = 2", "number 3 at the end is not the head that was kept, number 2."),
    ],
)
def test_verify_finds_what_was_taken_away_at_the_very_end(lives: Lives, tampering: str, told: str) -> None:
    searched(lives, 3)
    assert violations(lives) == []
    without_trigger(lives, tampering)

    assert violations(lives) == [f"invariant 10: audit log: {told}"]


def test_an_older_log_gets_its_head_when_it_is_migrated(lives: Lives, database_url: str) -> None:
    searched(lives, 2)
    lives.execute("DELETE FROM audit_log_head")
    migrate(database_url)

    assert violations(lives) == []


def test_a_renumbered_log_is_found_too(lives: Lives) -> None:
    searched(lives, 3)
    without_trigger(lives, "DELETE FROM audit_log WHERE number = 2")
    without_trigger(lives, "UPDATE audit_log SET number = 2 WHERE number = 3")

    assert violations(lives)[0] == "invariant 10: audit log: number 2 is not what was written, or number 1 is not."


def test_a_whole_log_holds_and_is_counted_by_verify(lives: Lives, data: Path) -> None:
    Staff(lives.pool).add(f"n{uuid4().hex[:8]}", Role.VIEWER, None, by="operator:test")

    assert "1 row of the audit log" in run("verify", "--data", data).stdout


@pytest.mark.parametrize(("facts", "kind"), [("[1, 2]", "array"), ('"reason"', "string"), ("7", "number")])
def test_facts_that_were_written_by_hand_are_shown_as_they_are_and_named(
    lives: Lives, data: Path, facts: str, kind: str
) -> None:
    lives.execute(f"INSERT INTO audit_log (actor, action, facts) VALUES ('staff:max', 'looked', '{facts}')")
    searched(lives)

    by_hand, ours = audited(data)
    assert (by_hand["facts"], by_hand["reason"]) == ({"unreadable": json.loads(facts)}, None)
    assert ours["facts"] == {"status": "failed"}
    assert f"(unreadable {json.loads(facts)})" in run("audit", "--since", "1h", "--data", data).stdout
    assert AuditLog(lives.pool).latest(DeedSearch(), None, 9)[-1][0].facts == by_hand["facts"]
    assert violations(lives) == [f"invariant 10: audit log: number 1 has {kind} as its facts, and not an object."]
