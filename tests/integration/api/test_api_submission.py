"""POST /api/uploads: a photo that comes in is kept once, in a session, under the client's request id."""

import re
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
import structlog

from domain.events import Submitted
from tests.integration.api.service import JPEG, PNG, Service, running_service
from tests.photos.variants import photo

SECRET_NAME = "holiday-of-erika.jpg"
SECRET_KEY = "a-secret-key-of-32-characters-xx"


def test_a_photo_is_kept_and_submitted(service: Service) -> None:
    content = photo()

    response = service.post(content)

    body = response.json()
    upload_id = UUID(body["jobId"])
    session = service.sessions.read(body["sessionToken"])
    assert session
    assert response.status_code == 202
    assert body == {
        "success": True,
        "jobId": str(upload_id),
        "sessionToken": session.token,
        "status": "pending",
        "statusUrl": f"/api/status/{upload_id}",
    }
    assert response.headers["Location"] == body["statusUrl"]

    digest = sha256(content).hexdigest()
    (logged,) = service.lives.log.history(upload_id)
    event = logged.event
    assert isinstance(event, Submitted)
    assert (event.original_sha256, event.original_size, event.prompt_version) == (digest, len(content), 3)
    assert (event.session_hash, event.actor) == (session.hash, f"session:{session.hash[:16]}")
    assert event.correlation_id == response.headers["X-Request-ID"]
    assert service.objects() == [f"{upload_id}/original-{digest[:16]}"]
    assert service.store.get(service.objects()[0]) == content


def test_a_large_photo_goes_over_the_disk_and_arrives_whole(service: Service) -> None:
    content = JPEG + bytes(range(256)) * 8192

    assert service.post(content).status_code == 202

    assert service.store.get(service.objects()[0]) == content


def test_links_are_absolute_under_a_public_url(database_url: str, tmp_path: Path) -> None:
    with running_service(database_url, tmp_path, public_url="https://photos.example") as service:
        response = service.post()

    url = f"https://photos.example/api/status/{response.json()['jobId']}"
    assert (response.json()["statusUrl"], response.headers["Location"]) == (url, url)


def test_a_session_can_be_added_to_and_its_token_stays_the_same(service: Service) -> None:
    first = service.post().json()

    second = service.post(PNG, X_Session_Token=first["sessionToken"]).json()

    assert second["sessionToken"] == first["sessionToken"]
    assert second["jobId"] != first["jobId"]
    assert service.poll(first["jobId"], second["sessionToken"]).status_code == 200


def test_every_submission_without_a_token_has_a_session_of_its_own(service: Service) -> None:
    assert service.post().json()["sessionToken"] != service.post().json()["sessionToken"]


@pytest.mark.parametrize(
    "filename",
    [
        SECRET_NAME,
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "\u202egpj.exe",
        "a\x00b.jpg",
        "a\r\nX-Injected: 1.jpg",
        "x" * 4000,
        'a".jpg',
        "",
    ],
)
def test_a_filename_goes_nowhere(service: Service, filename: str, capfd: pytest.CaptureFixture[str]) -> None:
    response = service.post(filename=filename)

    assert response.status_code == 202
    assert "X-Injected" not in response.headers
    assert [re.fullmatch(r"[0-9a-f-]{36}/original-[0-9a-f]{16}", key) is not None for key in service.objects()] == [
        True
    ]
    if filename:
        with service.lives.pool.connection() as connection:
            stored = str(connection.execute("SELECT to_jsonb(e)::text FROM event_log e").fetchall())
        assert filename not in stored + "".join(capfd.readouterr()) + response.text


def test_a_sane_request_id_comes_back_and_enters_no_event(service: Service) -> None:
    response = service.post(X_Request_ID="order-66_a.b")

    (logged,) = service.lives.log.history(UUID(response.json()["jobId"]))
    assert response.headers["X-Request-ID"] == "order-66_a.b"
    assert re.fullmatch(r"[0-9a-f]{32}", logged.event.correlation_id)
    assert "order-66" not in logged.state


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "a\tb", "../x", "é", '"quoted"'])
def test_another_request_id_is_replaced_by_one_of_ours(service: Service, sent: str) -> None:
    response = service.client.get("/healthz", headers={b"X-Request-ID": sent.encode()})

    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["X-Request-ID"])


def test_what_is_logged_of_a_submission_carries_its_ids_and_no_secret(service: Service) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        response = service.post(filename=SECRET_NAME, X_Request_ID="c-7", Idempotency_Key=SECRET_KEY)

    body = response.json()
    (line,) = (line for line in lines if line["event"] == "upload.submitted")
    assert (line["upload_id"], line["request_id"]) == (body["jobId"], "c-7")
    (logged,) = service.lives.log.history(UUID(body["jobId"]))
    assert line["correlation_id"] == logged.event.correlation_id
    assert not [secret for secret in (SECRET_NAME, body["sessionToken"], SECRET_KEY) if secret in str(lines)]


@pytest.mark.parametrize("encoding", ["identity", "Identity"])
def test_the_identity_encoding_is_none(service: Service, encoding: str) -> None:
    assert service.post(Content_Encoding=encoding).status_code == 202
