"""POST /api/uploads/{jobId}/retry and /cancel: what the owner may ask, and what no client reads after the answer."""

from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from domain.errors import UploadEndedError
from domain.failures import MESSAGES, NEEDS_NEW_PHOTO, FailureCode
from domain.stages import Stage
from domain.upload import Upload
from tests.integration.api.service import Service, error_of, running_service
from tests.submissions import WORKER

COMMANDS = ("retry", "cancel")


def ask(service: Service, command: str, job_id: object, token: str | None) -> httpx.Response:
    """Send a command of the owner's."""
    headers = {} if token is None else {"X-Session-Token": token}
    return service.client.post(f"/api/uploads/{job_id}/{command}", headers=headers)


def fail(service: Service, upload_id: UUID, code: FailureCode = FailureCode.NO_IMAGE_GENERATED) -> None:
    """Let a run of the upload fail in generating."""
    service.lives.run(upload_id, Stage.GENERATING)
    attempt = service.lives.uploads.get(upload_id).attempt
    service.lives.uploads.execute(upload_id, Upload.fail, code, stage=Stage.GENERATING, attempt=attempt, by=WORKER)


def names(service: Service, upload_id: UUID) -> list[str]:
    """The events of an upload."""
    return [logged.name for logged in service.lives.log.history(upload_id)]


def actor_of(service: Service, token: str) -> str:
    """What events call the session of a token."""
    session = service.sessions.read(token)
    assert session
    return session.actor


def test_a_retry_goes_on_from_the_stage_that_failed_with_the_body_of_a_poll(service: Service) -> None:
    upload_id, token = service.submitted()
    fail(service, upload_id)
    service.lives.project()

    response = ask(service, "retry", upload_id, token)
    service.lives.project()
    polled = service.poll(upload_id, token)

    assert response.status_code == 202
    body = response.json()
    assert (body["status"], body["stage"], body["progress"]) == ("processing", "generating", 30)
    assert (body["isTerminal"], body["pollAfterMs"]) == (False, 2500)
    assert not {"errorCode", "errorMessage", "canRetry"} & set(body)
    assert body == polled.json()
    for header in ("ETag", "Retry-After", "Cache-Control"):
        assert response.headers[header] == polled.headers[header]
    last = service.lives.log.history(upload_id)[-1].event
    assert (last.NAME, last.actor) == ("upload.retried", actor_of(service, token))


def test_a_cancel_ends_a_pending_upload(service: Service) -> None:
    upload_id, token = service.submitted()

    response = ask(service, "cancel", upload_id, token)

    body = response.json()
    assert response.status_code == 202
    assert (body["status"], body["stage"], body["progress"]) == ("failed", "failed", 0)
    assert (body["errorCode"], body["errorMessage"]) == ("CANCELLED", MESSAGES[FailureCode.CANCELLED])
    assert (body["canRetry"], body["isTerminal"]) == (True, True)
    assert "Retry-After" not in response.headers
    assert service.lives.log.history(upload_id)[-1].event.actor == actor_of(service, token)


def test_a_cancel_stops_the_run_under_way_and_keeps_its_progress(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.run(upload_id, Stage.GENERATING)

    body = ask(service, "cancel", upload_id, token).json()

    assert (body["status"], body["progress"]) == ("failed", 30)
    with pytest.raises(UploadEndedError):
        service.lives.uploads.execute(upload_id, Upload.advance, Stage.GENERATING, 40, attempt=1, by=WORKER)


def test_a_cancelled_upload_is_cancelled_once_and_answered_in_the_same_way(service: Service) -> None:
    upload_id, token = service.submitted()

    first, second = (ask(service, "cancel", upload_id, token) for _ in range(2))

    assert (first.status_code, second.status_code) == (202, 202)
    assert (first.json(), first.headers["ETag"]) == (second.json(), second.headers["ETag"])
    assert names(service, upload_id) == ["upload.submitted", "upload.failed"]


def test_a_cancelled_upload_may_be_retried(service: Service) -> None:
    upload_id, token = service.submitted()
    ask(service, "cancel", upload_id, token)

    body = ask(service, "retry", upload_id, token).json()

    assert (body["status"], body["stage"], body["queuePosition"]) == ("pending", None, 0)


@pytest.mark.parametrize(
    ("stage", "status"), [(None, "pending"), (Stage.GENERATING, "processing"), (Stage.COMPLETE, "completed")]
)
def test_what_has_not_failed_cannot_be_retried(service: Service, stage: Stage | None, status: str) -> None:
    upload_id, token = service.submitted()
    if stage:
        service.lives.run(upload_id, stage)
    before = names(service, upload_id)

    response = ask(service, "retry", upload_id, token)

    assert error_of(response) == (409, "CONFLICT")
    told = f"This upload is {status}. Only a failed one can be retried."
    assert response.json()["error"]["message"] == told
    assert names(service, upload_id) == before


def test_what_has_ended_cannot_be_cancelled(service: Service) -> None:
    complete, token = service.submitted()
    service.lives.run(complete, Stage.COMPLETE)
    failed, other = service.submitted()
    fail(service, failed)

    assert error_of(ask(service, "cancel", complete, token)) == (409, "CONFLICT")
    assert error_of(ask(service, "cancel", failed, other)) == (409, "CONFLICT")


@pytest.mark.parametrize("code", FailureCode)
def test_a_failure_says_whether_a_retry_can_help_and_the_retry_agrees(service: Service, code: FailureCode) -> None:
    upload_id, token = service.submitted()
    fail(service, upload_id, code)
    service.lives.project()
    can_retry = service.poll(upload_id, token).json()["canRetry"]

    response = ask(service, "retry", upload_id, token)

    assert can_retry is (code not in NEEDS_NEW_PHOTO)
    assert response.status_code == (202 if can_retry else 409)
    if not can_retry:
        assert error_of(response) == (409, "CONFLICT")
        assert response.json()["error"]["message"].endswith(MESSAGES[code])


@pytest.mark.parametrize("command", COMMANDS)
def test_another_sessions_upload_and_none_at_all_look_alike(service: Service, command: str) -> None:
    upload_id, _ = service.submitted()
    stranger = service.sessions.new().token

    answers = [ask(service, command, asked, stranger) for asked in (upload_id, uuid4(), "no-uuid")]

    assert {error_of(answer) for answer in answers} == {(404, "NOT_FOUND")}
    assert len({answer.content for answer in answers}) == 1
    assert names(service, upload_id) == ["upload.submitted"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("token", [None, "", "forged"])
def test_without_a_token_of_ours_a_command_is_unauthorized(service: Service, command: str, token: str | None) -> None:
    upload_id, _ = service.submitted()

    assert error_of(ask(service, command, upload_id, token)) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("command", COMMANDS)
def test_without_the_log_a_command_is_answered_503(tmp_path: Path, command: str) -> None:
    with running_service("postgresql://absent@127.0.0.1:1/none", tmp_path) as service:
        response = ask(service, command, uuid4(), service.sessions.new().token)

    assert error_of(response) == (503, "UNAVAILABLE")


def test_retries_count_as_uploads_do(database_url: str, tmp_path: Path) -> None:
    with running_service(database_url, tmp_path, uploads_per_minute=3) as service:
        upload_id, token = service.submitted()
        statuses = []
        for _ in range(3):
            ask(service, "cancel", upload_id, token)
            statuses.append(ask(service, "retry", upload_id, token).status_code)
        refused = ask(service, "retry", upload_id, token)

        assert statuses == [202, 202, 429]
        assert error_of(refused) == (429, "TOO_MANY_REQUESTS")
        assert int(refused.headers["Retry-After"]) > 0
        assert ask(service, "cancel", upload_id, token).status_code == 202


def test_no_client_reads_anything_older_after_a_cancel_though_the_projector_stands_still(service: Service) -> None:
    with_row, token = service.submitted()
    service.lives.run(with_row, Stage.GENERATING)
    service.lives.project()
    without_row, other = service.submitted()

    for upload_id, owner in ((with_row, token), (without_row, other)):
        answered = ask(service, "cancel", upload_id, owner)

        assert service.poll(upload_id, owner).json() == answered.json()
        assert service.poll(upload_id, owner, If_None_Match=answered.headers["ETag"]).status_code == 304


def test_no_client_reads_anything_older_after_a_retry_however_far_the_row_is_behind(service: Service) -> None:
    upload_id, token = service.submitted()
    fail(service, upload_id)
    service.lives.project()
    retried = ask(service, "retry", upload_id, token).json()
    service.lives.run(upload_id, Stage.STORING)

    stale = service.poll(upload_id, token).json()
    # The projector's page may end with the retry: a poll must not have told what comes after it.
    assert (stale["version"], stale["stage"]) == (retried["version"], "generating")
    service.lives.project()

    assert service.poll(upload_id, token).json()["stage"] == "storing"


def test_what_the_workers_append_is_no_turn_and_told_by_the_row_alone(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.run(upload_id, Stage.VALIDATING)
    service.lives.project()
    service.lives.uploads.execute(upload_id, Upload.advance, Stage.GENERATING, 30, attempt=1, by=WORKER)

    assert service.poll(upload_id, token).json()["stage"] == "validating"
