"""Every path of the program answers errors in one shape, and every answer carries the same headers."""

from uuid import UUID

import httpx
import pytest
import structlog

from app.signing.sessions import Sessions
from tests.integration.api.service import KEY, Service, error_of


@pytest.mark.parametrize(
    "path", ["/assets", "/api", "/api/", "/nowhere", "/api/status", "/schema/nowhere", "/schema/x.json"]
)
def test_an_unknown_route_is_not_found(service: Service, path: str) -> None:
    assert error_of(service.client.get(path)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/uploads", "POST"),
        ("POST", "/api/status/x", "GET"),
        ("DELETE", "/api/results/x", "GET"),
        ("PATCH", "/healthz", "GET"),
        ("BREW", "/readyz", "GET"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(service: Service, method: str, path: str, allowed: str) -> None:
    response = service.client.request(method, path)

    assert error_of(response) == (405, "METHOD_NOT_ALLOWED")
    assert allowed in response.headers["Allow"].split(", ")


def test_an_unexpected_error_is_logged_whole_and_told_to_no_client(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(_self: object, token: bytes) -> None:
        raise RuntimeError(f"the secret detail of {token!r}")

    monkeypatch.setattr(Sessions, "known", break_down)
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        response = service.poll("x", "a-token", X_Request_ID="c-500")

    assert error_of(response) == (500, "INTERNAL_ERROR")
    assert "secret detail" not in response.text
    assert "Traceback" not in response.text
    (line,) = (line for line in lines if line["event"] == "api.unexpected")
    assert isinstance(line["exc_info"], RuntimeError)
    assert line["exc_info"].__traceback__ is not None
    assert line["request_id"] == "c-500"


def test_an_event_that_this_version_cannot_read_makes_its_upload_unavailable_and_no_other(service: Service) -> None:
    first = service.post(Idempotency_Key=KEY).json()
    upload_id, token = UUID(first["jobId"]), first["sessionToken"]
    service.lives.insert(upload_id, 2, "upload.framed")
    headers = {"X-Session-Token": token}

    refused = [
        service.client.post(f"/api/uploads/{upload_id}/cancel", headers=headers),
        service.client.post(f"/api/uploads/{upload_id}/retry", headers=headers),
        service.post(Idempotency_Key=KEY),
        service.poll(upload_id, token, If_None_Match='"2"'),
        service.client.get(f"/api/status/{upload_id}/stream", headers={**headers, "Last-Event-ID": "2"}),
    ]

    for answer in refused:
        assert error_of(answer) == (503, "UNAVAILABLE")
        assert int(answer.headers["Retry-After"]) > 0
        assert "framed" not in answer.text
    assert service.post().status_code == 202


def answers(service: Service) -> list[httpx.Response]:
    """Answers of every kind."""
    upload_id, token = service.submitted()
    return [
        service.post(),
        service.post(b"text"),
        service.poll(upload_id, token),
        service.poll(upload_id, token, If_None_Match="*"),
        service.poll(upload_id, "forged"),
        service.client.get("/healthz"),
        service.client.get("/readyz"),
        service.client.get("/schema"),
        service.client.get("/nowhere"),
        service.client.put("/healthz"),
    ]


def test_every_answer_has_the_security_headers_and_a_request_id(service: Service) -> None:
    for answer in answers(service):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Server"] == "darkroom"
        assert len(answer.headers.get_list("X-Request-ID")) == 1


def test_every_answer_with_a_body_says_whether_it_succeeded(service: Service) -> None:
    for answer in answers(service):
        if answer.content and "schema" not in str(answer.url):
            assert answer.json()["success"] is (answer.status_code < 400)
