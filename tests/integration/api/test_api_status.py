"""GET /api/status/{jobId}: what a poller reads, and what it never reads."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from app.signing.sessions import Sessions
from domain.failures import MESSAGES, FailureCode
from domain.stages import Stage
from tests.integration.api.service import Service, error_of, moment, running_service
from tests.lives import WORKER, soon
from tests.waiting import BUSY_SECONDS

MEMBERS = {
    "success",
    "jobId",
    "status",
    "stage",
    "progress",
    "resultId",
    "version",
    "attempt",
    "createdAt",
    "updatedAt",
    "isTerminal",
    "pollAfterMs",
}


def test_a_job_just_submitted_is_found_though_no_projector_ran(service: Service) -> None:
    upload_id, token = service.submitted()

    body = service.poll(upload_id, token).json()

    assert body == {
        "success": True,
        "jobId": str(upload_id),
        "status": "pending",
        "stage": None,
        "progress": 0,
        "resultId": None,
        "version": 1,
        "attempt": 0,
        "createdAt": body["createdAt"],
        "updatedAt": body["createdAt"],
        "isTerminal": False,
        "pollAfterMs": 2500,
        "queuePosition": 0,
    }
    with service.lives.pool.connection() as connection:
        row = connection.execute("SELECT recorded_at FROM event_log").fetchone()
    assert row
    assert moment(body["createdAt"]) == row[0]


def test_the_row_says_the_same_as_the_log_did_before_it(service: Service) -> None:
    upload_id, token = service.submitted()
    from_log = service.poll(upload_id, token).json()

    service.lives.project()

    assert service.count("SELECT count(*) FROM uploads") == 1
    assert service.poll(upload_id, token).json() == from_log


def test_an_upload_that_waits_says_for_what_until_its_next_attempt_begins(service: Service) -> None:
    upload_id, token = service.submitted()
    lives = service.lives
    lives.run(upload_id, Stage.GENERATING)
    code = FailureCode.GENERATION_UNAVAILABLE
    lives.uploads.fail_attempt(upload_id, code, soon(), stage=Stage.GENERATING, attempt=1, by=WORKER)
    lives.project()
    assert service.poll(upload_id, token).json()["waitingFor"] == "GENERATION_UNAVAILABLE"

    lives.uploads.put_off(upload_id, FailureCode.GENERATION_PAUSED, soon(), by=WORKER)
    lives.project()
    body = service.poll(upload_id, token).json()
    assert (body["status"], body["waitingFor"]) == ("processing", "GENERATION_PAUSED")
    assert not {"errorCode", "errorMessage"} & set(body)

    lives.run(upload_id, Stage.GENERATING)
    lives.project()
    assert "waitingFor" not in service.poll(upload_id, token).json()


def test_a_running_upload_shows_its_stage_and_when_to_ask_again(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.run(upload_id, Stage.VALIDATING)
    service.lives.uploads.advance(upload_id, Stage.GENERATING, 45, attempt=1, by=WORKER)
    service.lives.project()

    response = service.poll(upload_id, token)

    body = response.json()
    assert set(body) == MEMBERS
    assert (body["status"], body["stage"], body["progress"]) == ("processing", "generating", 45)
    assert (body["version"], body["attempt"], body["resultId"]) == (4, 1, None)
    assert (body["isTerminal"], body["pollAfterMs"]) == (False, 2500)
    assert moment(body["updatedAt"]) > moment(body["createdAt"])
    assert response.headers["ETag"] == '"4"'
    assert response.headers["Retry-After"] == "3"
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_a_complete_upload_names_its_result_and_ends_the_polling(service: Service) -> None:
    upload_id, token = service.submitted()
    result_id = service.complete(upload_id)

    response = service.poll(upload_id, token)

    body = response.json()
    assert set(body) == MEMBERS
    assert (body["status"], body["stage"], body["progress"]) == ("completed", "complete", 100)
    assert body["resultId"] == str(result_id)
    assert (body["isTerminal"], body["pollAfterMs"]) == (True, None)
    assert "Retry-After" not in response.headers


def test_a_failed_upload_keeps_its_progress_and_says_why(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.run(upload_id, Stage.GENERATING)
    service.lives.uploads.fail(upload_id, FailureCode.CONTENT_BLOCKED, stage=Stage.GENERATING, attempt=1, by=WORKER)
    service.lives.project()

    body = service.poll(upload_id, token).json()

    assert set(body) == MEMBERS | {"errorCode", "errorMessage", "canRetry"}
    assert (body["status"], body["stage"], body["progress"]) == ("failed", "failed", 30)
    assert body["errorCode"] == "CONTENT_BLOCKED"
    assert body["errorMessage"] == MESSAGES[FailureCode.CONTENT_BLOCKED]
    assert (body["resultId"], body["isTerminal"], body["pollAfterMs"]) == (None, True, None)


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', '"7", "1"', '"7",W/"1"', "*"])
def test_a_client_that_has_read_this_version_gets_304(service: Service, tag: str) -> None:
    upload_id, token = service.submitted()
    service.lives.project()

    response = service.poll(upload_id, token, If_None_Match=tag)

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Retry-After"] == "3"
    assert response.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("tag", ['"2"', "1", '"01x"', "nonsense", '"99999999999999999999"', "", '"1'])
def test_another_version_or_nonsense_gets_the_whole_answer(service: Service, tag: str) -> None:
    upload_id, token = service.submitted()
    service.lives.project()

    response = service.poll(upload_id, token, If_None_Match=tag)

    assert (response.status_code, response.json()["version"]) == (200, 1)


def test_a_projector_that_is_behind_makes_nobody_go_back(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.run(upload_id, Stage.GENERATING)
    first = service.poll(upload_id, token).json()
    with service.lives.pool.connection() as connection:  # a page of the projector's that ended in the middle
        connection.execute(
            "INSERT INTO uploads (upload_id, version, session_hash, attempt) VALUES (%s, 2, %s, 1)",
            (upload_id, service.lives.uploads.get(upload_id).session_hash),
        )

    second = service.poll(upload_id, token).json()

    assert (first["version"], second["version"]) == (1, 2)


def test_a_client_that_has_read_more_than_the_row_holds_is_answered_from_the_log(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.project()
    service.lives.run(upload_id, Stage.GENERATING)

    behind = service.poll(upload_id, token, If_None_Match='"1"')
    ahead = service.poll(upload_id, token, If_None_Match='"3"')

    assert behind.status_code == 304
    assert (ahead.json()["version"], ahead.json()["stage"]) == (4, "generating")


def test_a_client_that_has_read_a_row_that_is_gone_is_answered_from_the_log(service: Service) -> None:
    upload_id, token = service.submitted()
    result_id = service.complete(upload_id)
    tag = service.poll(upload_id, token).headers["ETag"]
    service.lives.execute("DELETE FROM uploads")

    assert service.poll(upload_id, token, If_None_Match=tag).status_code == 304
    body = service.poll(upload_id, token, If_None_Match='"2"').json()
    assert (body["stage"], body["resultId"]) == ("complete", str(result_id))


@pytest.mark.parametrize("projected", [False, True])
def test_another_sessions_upload_and_none_at_all_look_alike(service: Service, *, projected: bool) -> None:
    upload_id, _ = service.submitted()
    if projected:
        service.lives.project()
    stranger = service.sessions.new().token

    theirs = service.poll(upload_id, stranger, X_Request_ID="same")
    nobodys = service.poll(uuid4(), stranger, X_Request_ID="same")
    unreadable = service.poll("no-uuid", stranger, X_Request_ID="same")

    assert error_of(theirs) == (404, "NOT_FOUND")
    assert theirs.content == nobodys.content == unreadable.content
    assert theirs.headers == nobodys.headers == unreadable.headers


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
    with running_service("postgresql://nobody@127.0.0.1:1/none", tmp_path) as service:
        assert error_of(service.poll(uuid4(), "forged")) == (401, "UNAUTHORIZED")

        response = service.poll(uuid4(), service.sessions.new().token)

    assert error_of(response) == (503, "UNAVAILABLE")
    assert int(response.headers["Retry-After"]) > 0
    assert response.elapsed < timedelta(seconds=5 + BUSY_SECONDS)


def test_analytics_is_told_of_every_answered_poll_and_of_no_other(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.run(upload_id, Stage.GENERATING)
    service.lives.project()

    service.poll(upload_id, token)
    service.poll(upload_id, token, If_None_Match='"4"')
    service.poll(upload_id, "forged")
    service.poll(uuid4(), token)

    assert service.polls.seen == [(upload_id, Stage.GENERATING, 30)] * 2


def test_the_status_url_of_the_submission_is_the_one_to_poll(service: Service) -> None:
    body = service.post().json()

    response = service.client.get(body["statusUrl"], headers={"X-Session-Token": body["sessionToken"]})

    assert UUID(response.json()["jobId"]) == UUID(body["jobId"])


def test_every_other_way_to_write_its_address_leads_to_the_same_answer(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.project()
    headers = {"X-Session-Token": token, "X-Request-ID": "same"}

    straight, *others = (
        service.client.get(path, headers=headers)
        for path in (f"/api/status/{upload_id}", f"/api/status/{upload_id}/", f"/api/status//{upload_id}")
    )

    for other in others:
        assert (other.status_code, other.content) == (200, straight.content)
        assert sorted(other.headers.multi_items()) == sorted(straight.headers.multi_items())
    assert error_of(service.client.post(f"/api/status/{upload_id}", headers=headers)) == (405, "METHOD_NOT_ALLOWED")
