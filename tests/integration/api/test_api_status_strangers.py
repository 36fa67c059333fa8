"""GET /api/status/{jobId}: what a stranger never reads."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from app.api.http import strangers
from app.signing.sessions import Sessions
from projections.log.event_log import EventLog
from tests.integration.api.service import Service, error_of, running_service
from tests.waiting import BUSY_SECONDS


@pytest.mark.parametrize("projected", [False, True])
def test_another_sessions_upload_and_none_at_all_look_alike(service: Service, *, projected: bool) -> None:
    upload_id, _ = service.submitted()
    if projected:
        service.lives.project()
    stranger = service.sessions.new().token

    theirs = service.poll(upload_id, stranger, X_Request_ID="same")
    absent = service.poll(uuid4(), stranger, X_Request_ID="same")
    unreadable = service.poll("no-uuid", stranger, X_Request_ID="same")

    assert error_of(theirs) == (404, "NOT_FOUND")
    assert theirs.content == absent.content == unreadable.content
    assert theirs.headers == absent.headers == unreadable.headers


@pytest.mark.parametrize("tag", ['"1"', '"9"', "*"])
def test_a_stranger_learns_nothing_by_a_version(service: Service, tag: str) -> None:
    upload_id, _ = service.submitted()
    service.lives.project()

    assert service.poll(upload_id, service.sessions.new().token, If_None_Match=tag).status_code == 404


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "nonsense",
        "a.b",
        "." * 50,
        "é",
        "x" * 5000,
        Sessions(["another key, long enough as well"]).new().token,
        Sessions(["another key, long enough as well"]).new().id,
    ],
    ids=["none", "empty", "nonsense", "dotted", "dots", "not ascii", "long", "of another key", "unsigned"],
)
def test_a_token_that_we_did_not_sign_is_unauthorized(service: Service, token: str | None) -> None:
    upload_id, _ = service.submitted()

    headers = {} if token is None else {b"X-Session-Token": token.encode()}
    response = service.client.get(f"/api/status/{upload_id}", headers=headers)

    assert error_of(response) == (401, "UNAUTHORIZED")


def test_tokens_in_the_query_or_a_cookie_do_not_count(service: Service) -> None:
    upload_id, token = service.submitted()
    path = f"/api/status/{upload_id}"

    names = ("token", "sessionToken", "session_token", "X-Session-Token")
    answers = [service.client.get(path, params={name: token}) for name in names]
    answers += [service.client.get(path, headers={"Cookie": f"{name}={token}"}) for name in names]
    answers.append(service.client.get(path, headers={"Authorization": f"Bearer {token}"}))

    assert {error_of(answer) for answer in answers} == {(401, "UNAUTHORIZED")}


def test_without_a_database_a_forged_token_gets_401_and_a_genuine_one_503(tmp_path: Path) -> None:
    with running_service("postgresql://absent@127.0.0.1:1/none", tmp_path) as service:
        assert error_of(service.poll(uuid4(), "forged")) == (401, "UNAUTHORIZED")

        response = service.poll(uuid4(), service.sessions.new().token)

    assert error_of(response) == (503, "UNAVAILABLE")
    assert int(response.headers["Retry-After"]) > 0
    assert response.elapsed < timedelta(seconds=5 + BUSY_SECONDS)


ENDPOINTS = [
    ("GET", "/api/status/{}"),
    ("GET", "/api/status/{}/stream"),
    ("POST", "/api/uploads/{}/retry"),
    ("POST", "/api/uploads/{}/cancel"),
    ("DELETE", "/api/uploads/{}"),
]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_strangers_404_costs_the_same_whether_the_upload_exists_or_not(
    service: Service, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    upload_id, _ = service.submitted()
    service.complete(upload_id)
    headers = {"X-Session-Token": service.sessions.new().token}

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the history was read")

    monkeypatch.setattr(service.lives.log, "history", refuse)
    monkeypatch.setattr(service.services.uploads, "get", refuse)
    answers = [service.client.request(method, path.format(one), headers=headers) for one in (upload_id, uuid4())]

    assert [error_of(answer) for answer in answers] == [(404, "NOT_FOUND")] * 2


@pytest.mark.parametrize(("method", "path"), [*ENDPOINTS, ("GET", "/api/results/{}")])
def test_a_strangers_404_waits_at_random_so_that_its_time_tells_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    upload_id, token = service.submitted()
    service.complete(upload_id)
    theirs = service.poll(upload_id, token).json()["resultId"] if "results" in path else upload_id
    monkeypatch.setattr(strangers, "sleep", note)
    headers = {"X-Session-Token": service.sessions.new().token}

    answers = [service.client.request(method, path.format(one), headers=headers) for one in (theirs, uuid4())]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert len(set(waited)) == 2
    assert all(0 <= seconds <= strangers.MOST_SECONDS for seconds in waited)


def test_random_ids_are_one_query_and_no_thread_reads_the_log(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the history was read")

    monkeypatch.setattr(EventLog, "history", refuse)
    token = service.sessions.new().token
    assert {service.poll(uuid4(), token).status_code for _ in range(20)} == {404}
