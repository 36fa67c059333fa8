"""GET /api/status/{jobId}: what a poller reads."""

from uuid import UUID, uuid4

from domain.failures import MESSAGES, FailureCode
from domain.stages import Stage
from domain.upload import Upload
from tests.integration.api.service import Service, error_of, moment
from tests.lives import soon
from tests.submissions import WORKER

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
    lives.uploads.execute(upload_id, Upload.fail_attempt, code, soon(), stage=Stage.GENERATING, attempt=1, by=WORKER)
    lives.project()
    assert service.poll(upload_id, token).json()["waitingFor"] == "GENERATION_UNAVAILABLE"

    lives.uploads.execute(upload_id, Upload.put_off, FailureCode.GENERATION_PAUSED, soon(), by=WORKER)
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
    service.lives.uploads.execute(upload_id, Upload.advance, Stage.GENERATING, 45, attempt=1, by=WORKER)
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
    service.lives.uploads.execute(
        upload_id, Upload.fail, FailureCode.CONTENT_BLOCKED, stage=Stage.GENERATING, attempt=1, by=WORKER
    )
    service.lives.project()

    body = service.poll(upload_id, token).json()

    assert set(body) == MEMBERS | {"errorCode", "errorMessage", "canRetry"}
    assert (body["status"], body["stage"], body["progress"]) == ("failed", "failed", 30)
    assert body["errorCode"] == "CONTENT_BLOCKED"
    assert body["errorMessage"] == MESSAGES[FailureCode.CONTENT_BLOCKED]
    assert (body["resultId"], body["isTerminal"], body["pollAfterMs"]) == (None, True, None)


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
