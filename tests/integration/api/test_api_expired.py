"""What its owner reads of an upload whose photo or pictures were kept for their time."""

from uuid import UUID

from domain.objects import Expiry
from domain.stages import Stage
from domain.upload import Upload
from tests.integration.api.service import Service, error_of


def expire(service: Service, upload_id: UUID, objects: Expiry) -> None:
    """Let these objects expire; the projector has seen it."""
    uploads = service.lives.uploads
    uploads.execute(upload_id, Upload.expire, objects, version=uploads.get(upload_id).version, by="reconciler")
    service.lives.project()


def test_the_status_says_expired_and_the_result_is_gone(service: Service) -> None:
    upload_id, token = service.submitted()
    result_id = service.complete(upload_id)
    before = service.poll(upload_id, token)

    expire(service, upload_id, Expiry.EVERYTHING)

    answer = service.poll(upload_id, token, If_None_Match=before.headers["ETag"])
    body = answer.json()
    assert (body["status"], body["progress"], body["resultId"]) == ("completed", 100, str(result_id))
    assert (body["expired"], body["isTerminal"]) == (True, True)
    assert error_of(service.result(result_id, token)) == (410, "EXPIRED")


def test_without_its_photo_a_complete_upload_is_what_it_was(service: Service) -> None:
    upload_id, token = service.submitted()
    result_id = service.complete(upload_id)

    expire(service, upload_id, Expiry.ORIGINAL)

    assert "expired" not in service.poll(upload_id, token).json()
    assert service.result(result_id, token).status_code == 200


def test_a_strangers_expired_result_looks_like_none(service: Service) -> None:
    upload_id, _ = service.submitted()
    result_id = service.complete(upload_id)
    expire(service, upload_id, Expiry.EVERYTHING)

    assert error_of(service.result(result_id, service.sessions.new().token)) == (404, "NOT_FOUND")


def test_a_failed_upload_whose_photo_is_gone_cannot_be_retried(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.run(upload_id, Stage.GENERATING)
    service.lives.uploads.execute(upload_id, Upload.cancel, by="session:abc")
    service.lives.project()
    assert service.poll(upload_id, token).json()["canRetry"] is True

    expire(service, upload_id, Expiry.EVERYTHING)

    body = service.poll(upload_id, token).json()
    assert (body["status"], body["canRetry"], body["expired"]) == ("failed", False, True)
    headers = {"X-Session-Token": token}
    answer = service.client.post(f"/api/uploads/{upload_id}/retry", headers=headers)
    assert error_of(answer) == (409, "CONFLICT")
    assert "kept for its time" in answer.json()["error"]["message"]
