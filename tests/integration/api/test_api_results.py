"""GET /api/results/{resultId}: the finished picture's facts, and a link to its preview for a while."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from app.signing.links import SignedLinks
from domain.events import StoredImage
from domain.stages import Stage
from domain.upload import Upload
from tests.api_services import KEYS
from tests.integration.api.service import Service, error_of, moment, running_service
from tests.submissions import WORKER


def test_the_owner_reads_the_facts_and_the_preview(service: Service) -> None:
    upload_id, token = service.submitted()
    result_id = service.complete(upload_id)
    asked_at = datetime.now(UTC)

    response = service.result(result_id, token)

    body = response.json()
    preview = body["preview"]
    assert body == {
        "success": True,
        "resultId": str(result_id),
        "jobId": str(upload_id),
        "model": "local/test",
        "width": 640,
        "height": 480,
        "preview": {**preview, "width": 640, "height": 480, "mediaType": "image/jpeg"},
        "createdAt": body["createdAt"],
    }
    assert set(preview) == {"url", "expiresAt", "width", "height", "mediaType"}
    assert moment(body["createdAt"]) < asked_at
    assert timedelta(0) <= moment(preview["expiresAt"]) - asked_at - timedelta(minutes=5) < timedelta(minutes=1)

    image = service.client.get(preview["url"])
    assert (image.status_code, image.content) == (200, b"preview")
    assert image.headers["Content-Type"] == "image/jpeg"
    assert image.headers["Content-Disposition"] == f'inline; filename="darkroom-{str(upload_id)[:8]}.jpg"'
    assert image.headers["X-Content-Type-Options"] == "nosniff"
    assert image.headers["Cache-Control"].startswith("private")


def test_links_are_absolute_under_a_public_url(database_url: str, tmp_path: Path) -> None:
    with running_service(database_url, tmp_path, public_url="https://photos.example") as service:
        upload_id, token = service.submitted()
        result_id = service.complete(upload_id)

        url = service.result(result_id, token).json()["preview"]["url"]

    assert url.startswith("https://photos.example/api/blobs/")


def test_a_result_is_not_revealed_before_its_upload_is_complete(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.run(upload_id, Stage.WATERMARKING)
    preview = StoredImage("a/preview.jpg", "a" * 64, 7, 640, 480, "image/jpeg")
    service.lives.uploads.execute(upload_id, Upload.store_preview, preview, attempt=1, by=WORKER)
    service.lives.project()
    result = service.lives.uploads.get(upload_id).result
    assert result
    assert service.count("SELECT count(*) FROM results WHERE preview IS NOT NULL") == 1

    assert error_of(service.result(result.result_id, token)) == (404, "NOT_FOUND")


def test_another_sessions_result_and_none_at_all_look_alike(service: Service) -> None:
    upload_id, _ = service.submitted()
    result_id = service.complete(upload_id)
    stranger = service.sessions.new().token

    answers = [service.result(asked, stranger) for asked in (result_id, uuid4(), "no-uuid", upload_id)]

    assert {error_of(answer) for answer in answers} == {(404, "NOT_FOUND")}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_without_a_token_of_ours_results_are_unauthorized(service: Service, token: str | None) -> None:
    upload_id, _ = service.submitted()
    result_id = service.complete(upload_id)

    assert error_of(service.result(result_id, token)) == (401, "UNAUTHORIZED")


def test_a_link_that_has_ended_or_was_altered_serves_nothing(service: Service) -> None:
    upload_id, token = service.submitted()
    service.complete(upload_id)
    (preview,) = (key for key in service.objects() if "preview" in key)
    genuine = service.links.sign(preview, timedelta(minutes=5))
    old = SignedLinks(KEYS, lambda: datetime.now(UTC) - timedelta(hours=1)).sign(preview, timedelta(minutes=5))
    forged = SignedLinks(["another key, long enough as well"]).sign(preview, timedelta(minutes=5))

    assert service.client.get(genuine).status_code == 200
    for path in (old, forged, genuine[:-3], "/api/blobs/x", f"/api/blobs/{token}", f"/api/blobs/{preview}"):
        assert error_of(service.client.get(path)) == (404, "NOT_FOUND")


def test_a_link_to_an_object_that_is_gone_is_not_found(service: Service) -> None:
    path = service.links.sign(f"{uuid4()}/preview-0123456789abcdef.jpg", timedelta(minutes=5))

    assert error_of(service.client.get(path)) == (404, "NOT_FOUND")


def test_a_results_token_is_no_link_and_a_link_no_token(service: Service) -> None:
    upload_id, _ = service.submitted()
    link = service.links.sign("a/b.jpg", timedelta(minutes=5))

    assert error_of(service.poll(upload_id, link.rpartition("/")[2])) == (401, "UNAUTHORIZED")
