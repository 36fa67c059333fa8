"""The link that `darkroom up` prints: for whom it is, where it leads, and where there is none."""

import pytest

from app.embedded.sign_in_link import NAME, sign_in_link
from app.settings.environment import Settings
from domain.staff import Role
from projections.staff.members import Staff
from projections.staff.sessions import StaffSessions
from tests.lives import Lives


def code_of(link: str | None) -> str:
    assert link
    return link.partition("#sign-in=")[2]


def test_each_start_makes_a_new_link_for_the_same_admin(lives: Lives, database_url: str) -> None:
    first, second = (code_of(sign_in_link(Settings(), database_url)) for _ in range(2))

    (member,) = Staff(lives.pool).members()
    assert (member.name, member.role, member.until) == (NAME, Role.ADMIN, None)
    assert [StaffSessions(lives.pool).redeem(code) for code in (first, second)] == [None, NAME]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - what HOST may say
        ("::", "127.0.0.1"),
        ("::1", "[::1]"),
        ("localhost", "localhost"),
    ],
)
def test_it_leads_to_this_machine(lives: Lives, database_url: str, host: str, address: str) -> None:
    assert lives
    link = sign_in_link(Settings(host=host, port=8123, public_url="https://darkroom.example.com"), database_url)
    assert link
    assert link.startswith(f"http://{address}:8123/support#sign-in=")


@pytest.mark.parametrize(
    "settings",
    [Settings(host="10.1.2.3"), Settings(host="darkroom.example.com"), Settings(allowed_hosts=("example.com",))],
)
def test_where_the_api_does_not_answer_this_machine_there_is_none(
    lives: Lives, database_url: str, settings: Settings
) -> None:
    assert sign_in_link(settings, database_url) is None
    assert Staff(lives.pool).members() == []


def test_an_admin_that_was_revoked_stays_so(lives: Lives, database_url: str) -> None:
    code = code_of(sign_in_link(Settings(), database_url))
    Staff(lives.pool).revoke(NAME, by="operator:test")

    assert sign_in_link(Settings(), database_url) is None
    assert Staff(lives.pool).holder(code) is None
