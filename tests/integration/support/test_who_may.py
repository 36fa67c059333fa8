"""Every endpoint of staff: without a token, with a wrong one, and with each role."""

import gzip
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from prometheus_client import generate_latest

from app.limits.wrong_tokens import FREE
from domain.staff import Role
from projections.staff.members import PREFIX
from tests.house.openapi_document import openapi_document
from tests.integration.api.service import error_of, running_service
from tests.integration.support.desk import BY, Desk

NEEDED = sorted(
    (method.upper(), path, operation["security"][0]["staff"][0])
    for path, item in openapi_document()["paths"].items()
    for method, operation in item.items()
    # The sign-in takes its token in the body.
    if path.startswith(("/api/support", "/api/analysis")) and "security" in operation
)
"""Every one that there is, with the role that it says it takes: a new one is tried without a line here."""
ENDPOINTS = [(method, path) for method, path, _ in NEEDED]
ROLES = {"vera": Role.VIEWER, "agnes": Role.AGENT, "adam": Role.ADMIN}


@pytest.fixture(scope="module")
def desk(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One API for the whole file."""
    folder: Path = tmp_path_factory.mktemp("support")
    with running_service(module_database_url, folder, cors_origins=("https://app.example.com",)) as service:
        yield Desk.of(service)


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests send is wrong again and again."""
    monkeypatch.setattr("app.limits.wrong_tokens.WAIT_SECONDS", 0.0)


def asked(desk: Desk, method: str, path: str, **headers: str) -> httpx.Response:
    """The answer about what does not exist, to a request that is right otherwise."""
    body = {"reason": "A test."} if method == "POST" else None
    names = dict.fromkeys(re.findall(r"{(\w+)}", path), "0123456789abcdef") | {"jobId": str(uuid4())}
    return desk.service.client.request(method, path.format(**names), headers=headers, json=body)


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_without_a_token_there_is_no_answer(desk: Desk, method: str, path: str) -> None:
    answers = [
        asked(desk, method, path),
        asked(desk, method, path, Authorization=""),
        asked(desk, method, path, Authorization="Bearer"),
        asked(desk, method, path, Authorization=f"Basic {desk.tokens['adam']}"),
        asked(desk, method, path, Cookie=f"token={desk.tokens['adam']}"),
    ]
    assert [error_of(answer) for answer in answers] == [(401, "UNAUTHORIZED")] * 5


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_the_token_of_a_session_opens_nothing(desk: Desk, method: str, path: str) -> None:
    session = desk.service.sessions.new().token
    for headers in (
        {"Authorization": f"Bearer {session}"},
        {"X-Session-Token": session},
        {"X-Session-Token": desk.tokens["adam"]},
    ):
        assert error_of(asked(desk, method, path, **headers)) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(("method", "path", "role"), NEEDED)
@pytest.mark.parametrize("name", ROLES)
def test_each_role_may_do_its_own_and_nothing_more(desk: Desk, name: str, method: str, path: str, role: str) -> None:
    answer = asked(desk, method, path, **desk.signed(name))

    if ROLES[name].covers(Role(role)):
        assert answer.status_code not in {401, 403}
        assert answer.status_code < 500
    else:
        assert error_of(answer) == (403, "FORBIDDEN")
        assert name in answer.json()["error"]["message"]
    assert not [token for token in desk.tokens.values() if token in answer.text]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_an_ended_a_revoked_and_a_rotated_token_open_nothing(desk: Desk, method: str, path: str) -> None:
    ended, gone, old = (f"n{uuid4().hex}" for _ in range(3))
    now = datetime.now(UTC)
    tokens = {name: desk.staff.add(name, Role.ADMIN, None, by=BY)[1] for name in (gone, old)}
    tokens[ended] = desk.staff.add(ended, Role.ADMIN, now - timedelta(seconds=1), by=BY)[1]
    desk.staff.revoke(gone, by=BY)
    desk.staff.rotate(old, by=BY)

    for name, told in ((ended, "is ended"), (gone, "is revoked"), (old, "was given to no staff member")):
        answer = asked(desk, method, path, **desk.signed(tokens[name]))
        assert error_of(answer) == (401, "UNAUTHORIZED")
        assert told in answer.json()["error"]["message"]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_parameter_that_an_endpoint_does_not_take_is_refused(desk: Desk, method: str, path: str) -> None:
    answer = asked(desk, method, f"{path}?versoin=1", **desk.signed("adam"))

    assert error_of(answer) == (400, "BAD_REQUEST")
    assert "There is no parameter 'versoin'. The address takes " in answer.json()["error"]["message"]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_page_of_another_origin_is_allowed_nothing(desk: Desk, method: str, path: str) -> None:
    origin = {"Origin": "https://app.example.com"}
    answer = asked(desk, method, path, **origin, **desk.signed("adam"))
    preflight = asked(desk, "OPTIONS", path, **origin, **{"Access-Control-Request-Method": method})

    for given in (answer, preflight):
        assert not [name for name in given.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(("method", "path"), [each for each in ENDPOINTS if each[0] == "POST"])
def test_a_post_takes_json_which_a_page_of_another_origin_cannot_send(desk: Desk, method: str, path: str) -> None:
    names = dict.fromkeys(re.findall(r"{(\w+)}", path), "0123456789abcdef") | {"jobId": str(uuid4())}
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        headers = {**desk.signed("adam"), "Content-Type": media_type}
        answer = desk.service.client.request(method, path.format(**names), headers=headers)
        assert error_of(answer) == (400, "BAD_REQUEST")
        assert "Send it as application/json" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("method", "path"), [each for each in ENDPOINTS if each[0] == "POST"])
def test_a_packed_body_is_told_so(desk: Desk, method: str, path: str) -> None:
    names = dict.fromkeys(re.findall(r"{(\w+)}", path), "0123456789abcdef") | {"jobId": str(uuid4())}
    headers = {**desk.signed("adam"), "Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = desk.service.client.request(method, path.format(**names), headers=headers, content=gzip.compress(b"{}"))
    assert error_of(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert "Content-Encoding 'gzip'" in answer.json()["error"]["message"]


def test_two_tokens_are_none(desk: Desk) -> None:
    headers = [("Authorization", f"Bearer {desk.tokens[name]}") for name in ("vera", "adam")]
    assert error_of(desk.service.client.get("/api/support/me", headers=headers)) == (401, "UNAUTHORIZED")


def test_a_person_is_told_who_they_are(desk: Desk) -> None:
    assert desk.get("me", by="agnes").json() == {"success": True, "name": "agnes", "role": "agent", "until": None}


def test_wrong_tokens_are_counted_and_slowed_and_good_ones_are_not(database_url: str, tmp_path: Path) -> None:
    with running_service(database_url, tmp_path) as service:
        desk = Desk.of(service)
        assert desk.get("me", by="agnes").status_code == 200
        statuses = [desk.get("me", by=PREFIX + "x" * 43).status_code for _ in range(FREE + 1)]

        assert statuses == [401] * (FREE + 1)
        assert desk.get("me", by="agnes").status_code == 200
        told = generate_latest(service.services.registry).decode()
        assert f"darkroom_support_wrong_tokens_total {FREE + 1}.0" in told
