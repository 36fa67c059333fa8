"""The sessions of the console, and the links that begin one: when they end, and what is recorded of them."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.staff import Role
from projections.staff.audit_log import AuditLog
from projections.staff.members import Member, Staff
from projections.staff.sessions import LIFETIME, LINK_LIFETIME, StaffSessions
from tests.lives import Lives

BY = "operator:test"
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def sessions(lives: Lives) -> StaffSessions:
    return StaffSessions(lives.pool)


@pytest.fixture
def erika(lives: Lives) -> Member:
    return Staff(lives.pool).add("erika", Role.AGENT, None, by=BY)[0]


def deeds(lives: Lives) -> list[tuple[str, str, object]]:
    found = AuditLog(lives.pool).deeds(BEGINNING, actor="staff:erika")
    return [(deed.action, deed.actor, deed.facts.get("with")) for deed in found]


def test_a_session_is_found_by_its_secret_and_by_nothing_else(sessions: StaffSessions, erika: Member) -> None:
    secret, begun = sessions.begin(erika, "token")

    assert sessions.find(secret) == begun
    assert begun.name == "erika"
    for other in ("", secret[:-1], secret + "A", secret.swapcase(), "é" * 43):
        assert sessions.find(other) is None


def test_its_secret_is_in_no_table(lives: Lives, sessions: StaffSessions, erika: Member) -> None:
    secret, _ = sessions.begin(erika, "token")
    code = sessions.make_link("erika")
    for table in ("staff_sessions", "staff_links", "audit_log"):
        with lives.pool.connection() as connection:
            rows = connection.execute(f"SELECT t::text FROM {table} t".encode()).fetchall()
        assert rows
        assert not [row for row in rows if secret in row[0] or code in row[0]]


def test_it_lasts_a_working_day_and_no_longer_than_the_access(lives: Lives, sessions: StaffSessions) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    short = Staff(lives.pool).add("short", Role.VIEWER, soon, by=BY)[0]
    long = Staff(lives.pool).add("long", Role.VIEWER, soon + timedelta(days=9), by=BY)[0]

    assert sessions.begin(short, "token")[1].ends_at == soon
    ends_at = sessions.begin(long, "token")[1].ends_at
    assert timedelta(0) <= datetime.now(UTC) + LIFETIME - ends_at < timedelta(minutes=1)


def test_one_that_is_over_is_not_found(lives: Lives, sessions: StaffSessions, erika: Member) -> None:
    secret, _ = sessions.begin(erika, "token")
    lives.execute("UPDATE staff_sessions SET ends_at = clock_timestamp()")
    assert sessions.find(secret) is None


def test_a_new_token_ends_it(lives: Lives, sessions: StaffSessions, erika: Member) -> None:
    secret, _ = sessions.begin(erika, "token")
    Staff(lives.pool).rotate("erika", by=BY)
    assert sessions.find(secret) is None


def test_signing_in_and_out_is_recorded_once(lives: Lives, sessions: StaffSessions, erika: Member) -> None:
    secret, _ = sessions.begin(erika, "link", "a request")
    sessions.end(secret)
    sessions.end(secret)

    assert sessions.find(secret) is None
    assert deeds(lives) == [("signed-in", "staff:erika", "link"), ("signed-out", "staff:erika", None)]


def test_a_link_names_its_person_once(sessions: StaffSessions, erika: Member) -> None:
    code = sessions.make_link(erika.name)
    assert [sessions.redeem("x" * 43), sessions.redeem(code), sessions.redeem(code)] == [None, "erika", None]


def test_a_new_link_replaces_the_one_before(sessions: StaffSessions, erika: Member) -> None:
    old, new = sessions.make_link(erika.name), sessions.make_link(erika.name)
    assert [sessions.redeem(old), sessions.redeem(new)] == [None, "erika"]


def test_a_link_ends_by_itself(lives: Lives, sessions: StaffSessions, erika: Member) -> None:
    code = sessions.make_link(erika.name)
    lives.execute(f"UPDATE staff_links SET ends_at = ends_at - interval '{LINK_LIFETIME.total_seconds()} seconds'")
    assert sessions.redeem(code) is None


def test_none_lasts_longer_because_the_clock_stepped_back(lives: Lives, sessions: StaffSessions, erika: Member) -> None:
    secret, _ = sessions.begin(erika, "token")
    code = sessions.make_link("erika")
    for table in ("staff_sessions", "staff_links"):
        lives.execute(f"UPDATE {table} SET ends_at = ends_at + interval '1 hour'")

    assert sessions.find(secret) is None
    assert sessions.redeem(code) is None


def test_a_new_token_ends_a_session_from_before_the_step_too(
    lives: Lives, sessions: StaffSessions, erika: Member
) -> None:
    secret, _ = sessions.begin(erika, "token")
    lives.execute("UPDATE staff_sessions SET began_at = began_at + interval '1 hour'")
    assert sessions.find(secret)
    Staff(lives.pool).rotate("erika", by=BY)

    assert sessions.find(secret) is None
