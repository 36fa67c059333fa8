"""`darkroom staff`: who gets a token, until when, and how it ends."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import darkroom
from domain.errors import StaffNotFoundError, StaffRevokedError
from domain.staff import Role
from projections.staff.members import Staff
from tests.lives import Lives


def staff(*arguments: object) -> Result:
    return CliRunner().invoke(darkroom, ["staff", *(str(argument) for argument in arguments)])


def added(data: Path, name: str, role: str, *more: object) -> dict[str, Any]:
    result = staff("add", name, "--role", role, *more, "--json", "--data", data)
    assert result.exit_code == 0, result.output
    body: dict[str, Any] = json.loads(result.stdout)
    return body


def test_a_new_member_gets_a_token_once_and_its_hash_is_stored(lives: Lives, data: Path) -> None:
    body = added(data, "erika", "agent")

    assert {key: body[key] for key in ("name", "role", "until")} == {"name": "erika", "role": "agent", "until": None}
    with lives.pool.connection() as connection:
        (row,) = connection.execute("SELECT name, role, token_hash, until, revoked_at FROM staff").fetchall()
        everything = str(
            connection.execute("SELECT to_jsonb(s), (SELECT array_agg(a) FROM audit_log a) FROM staff s").fetchall()
        )
    assert row == ("erika", "agent", sha256(body["token"].encode()).digest(), None, None)
    assert body["token"] not in everything
    assert body["token"] not in staff("list", "--json", "--data", data).stdout


def test_for_people_the_token_alone_is_on_stdout(lives: Lives, data: Path) -> None:
    result = staff("add", "erika", "--role", "viewer", "--data", data)

    member = Staff(lives.pool).holder(result.stdout.strip())
    assert member is not None
    assert (member.name, member.role, member.state) == ("erika", Role.VIEWER, "active")
    assert "shown once" in result.stderr


@pytest.mark.parametrize(
    ("until", "told"),
    [
        ("2999-01-31", "2999-02-01T00:00:00Z"),
        ("2999-01-31T17:00:00+02:00", "2999-01-31T15:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_an_access_may_end_with_a_day_or_at_a_time(lives: Lives, data: Path, until: str, told: str) -> None:
    body = added(data, "max", "admin", "--until", until)

    assert body["until"] == told
    (member,) = Staff(lives.pool).members()
    assert (member.until, member.state) == (datetime.fromisoformat(told), "active")


def test_an_end_that_has_passed_is_told_and_the_token_opens_nothing(lives: Lives, data: Path) -> None:
    result = staff("add", "max", "--role", "admin", "--until", "2001-01-01", "--json", "--data", data)

    member = Staff(lives.pool).holder(json.loads(result.stdout)["token"])
    assert member is not None
    assert member.state == "ended"
    assert "ended on 2001-01-02T00:00:00Z, so this token opens nothing." in result.stderr
    assert "darkroom staff rotate max --until DATE" in result.stderr


def test_a_rotated_token_ends_the_old_one(lives: Lives, data: Path) -> None:
    old = added(data, "erika", "agent")["token"]
    new = json.loads(staff("rotate", "erika", "--role", "admin", "--json", "--data", data).stdout)

    members = Staff(lives.pool)
    assert members.holder(old) is None
    holder = members.holder(new["token"])
    assert holder is not None
    assert (holder.name, holder.role, new["role"]) == ("erika", Role.ADMIN, "admin")


def test_a_revoked_member_stays_revoked_and_the_name_stays_taken(lives: Lives, data: Path) -> None:
    token = added(data, "erika", "agent")["token"]
    assert staff("revoke", "erika", "--data", data).exit_code == 0

    members = Staff(lives.pool)
    holder = members.holder(token)
    assert holder is not None
    assert holder.state == "revoked"
    for command in (("rotate", "erika"), ("revoke", "erika"), ("add", "erika", "--role", "viewer")):
        result = staff(*command, "--data", data)
        assert (result.exit_code, "erika" in result.stderr) == (1, True)
        assert "staff rotate" not in result.stderr, "which would be refused"
    with pytest.raises(StaffRevokedError):
        members.rotate("erika", by="operator:test")


def test_who_was_never_added_cannot_be_revoked(lives: Lives, data: Path) -> None:
    result = staff("revoke", "erika", "--data", data)

    assert result.exit_code == 1
    assert "There is no staff member 'erika'" in result.stderr
    with pytest.raises(StaffNotFoundError):
        Staff(lives.pool).revoke("erika", by="operator:test")


@pytest.mark.parametrize(
    "wrong",
    [
        ("add", "Erika", "--role", "agent"),
        ("add", "erika@example.com", "--role", "agent"),
        ("add", "erika", "--role", "boss"),
        ("add", "erika"),
        ("add", "erika", "--role", "agent", "--until", "soon"),
        ("add", "erika", "--role", "agent", "--until", "2027-01-31T17:00:00"),
    ],
)
def test_wrong_usage_ends_with_2(lives: Lives, data: Path, wrong: tuple[str, ...]) -> None:
    assert staff(*wrong, "--data", data).exit_code == 2
    assert Staff(lives.pool).members() == []


@pytest.mark.usefixtures("lives")
def test_the_list_names_each_with_role_and_state(data: Path) -> None:
    assert "There are no staff members yet" in staff("list", "--data", data).stdout
    added(data, "ada", "viewer", "--until", datetime.now(UTC).date().isoformat())
    added(data, "erika", "agent")
    staff("revoke", "erika", "--data", data)

    found = json.loads(staff("list", "--json", "--data", data).stdout)
    assert [(member["name"], member["role"], member["state"]) for member in found] == [
        ("ada", "viewer", "active"),
        ("erika", "agent", "revoked"),
    ]
    assert "erika: agent, revoked, added " in staff("list", "--data", data).stdout
