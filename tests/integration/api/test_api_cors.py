"""A page of an allowed origin may use every endpoint of the pollers; a page of another one may use none."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import pytest
from httpx import ASGITransport, AsyncClient, Response
from litestar.types import ASGIApp
from prometheus_client import CollectorRegistry, generate_latest

from app.api.front.cors import with_cors
from app.metrics.requests import counted
from tests.integration.api.service import JPEG, Service, running_service

OURS: Final = "https://app.example.com"
EXPOSED: Final = {
    *("ETag", "Location", "Preference-Applied", "RateLimit", "RateLimit-Policy", "Retry-After"),
    *("X-Request-ID", "X-Session-Token"),
}
FOREIGN: Final = "https://evil.example.com"
ENDPOINTS: Final = [
    ("POST", "/api/uploads"),
    ("GET", "/api/status/0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11"),
    ("GET", "/api/status/no-id-at-all"),
    ("GET", "/api/status/0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11/stream"),
    ("POST", "/api/uploads/0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11/retry"),
    ("POST", "/api/uploads/0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11/cancel"),
    ("DELETE", "/api/uploads/0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11"),
    ("GET", "/api/results/0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11"),
    ("GET", "/api/blobs/not-signed"),
    ("HEAD", "/api/status/0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11"),
    ("PUT", "/api/uploads"),
    ("GET", "/api/status/a/b/c"),
    ("GET", "/api//status/no-id-at-all"),
    ("GET", "/api/statuses/no-id-at-all"),
    ("GET", "/api/nowhere"),
    ("GET", "/api/"),
]


@pytest.fixture(scope="module")
def service(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An API that a front end on another origin may use."""
    folder: Path = tmp_path_factory.mktemp("cors")
    with running_service(module_database_url, folder, cors_origins=(OURS,)) as service:
        yield service


def asked(service: Service, method: str, path: str, origin: str | None, **headers: str) -> Response:
    """The answer to a request of a page of that origin."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.client.request(method, path, headers=sent if origin is None else {**sent, "Origin": origin})


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_an_error_tells_an_allowed_page_what_it_may_read(service: Service, method: str, path: str) -> None:
    answer = asked(service, method, path, OURS)

    assert answer.status_code >= 400
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", [FOREIGN, "null", f"{OURS}.evil.example", OURS.upper(), None])
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_page_of_another_origin_is_allowed_nothing(
    service: Service, method: str, path: str, origin: str | None
) -> None:
    answer = asked(service, method, path, origin)

    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "Origin" in answer.headers["Vary"]


def test_an_upload_can_be_sent_followed_and_revealed_from_another_origin(service: Service) -> None:
    sent = service.post(Origin=OURS)
    job_id, token = sent.json()["jobId"], sent.json()["sessionToken"]
    polled = service.poll(job_id, token, Origin=OURS)
    unchanged = service.poll(job_id, token, Origin=OURS, If_None_Match=polled.headers["ETag"])

    assert (sent.status_code, polled.status_code, unchanged.status_code) == (202, 200, 304)
    for answer in (sent, polled, unchanged):
        assert answer.headers["Access-Control-Allow-Origin"] == OURS
        assert set(answer.headers["Access-Control-Expose-Headers"].split(", ")) == EXPOSED


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_preflight_allows_the_headers_that_pollers_send(service: Service, method: str, path: str) -> None:
    answer = asked(
        service,
        "OPTIONS",
        path,
        OURS,
        Access_Control_Request_Method=method,
        Access_Control_Request_Headers="x-session-token,if-none-match,prefer",
    )

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"x-session-token", "if-none-match", "prefer", "last-event-id", "idempotency-key"} <= set(allowed)
    assert set(answer.headers["Access-Control-Allow-Methods"].split(", ")) == {"GET", "HEAD", "POST", "DELETE"}
    assert answer.headers["Access-Control-Max-Age"] == "7200"


def test_a_preflight_of_another_origin_allows_nothing(service: Service) -> None:
    answer = asked(service, "OPTIONS", "/api/uploads", FOREIGN, Access_Control_Request_Method="POST")

    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "path", ["/healthz", "/api/support/me", "/api//support/me", "//api/support/me", "/api/analysis/charts", "/nowhere"]
)
def test_what_is_for_operators_and_staff_is_not_for_other_origins(service: Service, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = asked(service, method, path, OURS, Access_Control_Request_Method="GET")
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_every_refusal_of_a_photo_can_be_read_from_another_origin(database_url: str, tmp_path: Path) -> None:
    strict: dict[str, Any] = {"cors_origins": (OURS,), "max_upload_bytes": 1000, "uploads_per_minute": 3}
    with running_service(database_url, tmp_path, **strict) as service:
        accepted = service.post(Origin=OURS)
        too_large = service.post(JPEG + bytes(10_000), Origin=OURS)
        no_photo = service.post(b"no photo", Origin=OURS)
        too_many = service.post(Origin=OURS)

    answers = [accepted, too_large, no_photo, too_many]
    assert [answer.status_code for answer in answers] == [202, 413, 415, 429]
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {OURS}


def test_a_mistake_of_ours_can_be_read_from_another_origin(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(service.services.uploads, "submit", fail)
    answer = service.post(Origin=OURS)

    assert answer.status_code == 500
    assert answer.headers["Access-Control-Allow-Origin"] == OURS


def test_a_stream_can_be_read_from_another_origin(service: Service) -> None:
    job_id, token = service.submitted()
    service.complete(job_id)
    stream = asked(service, "GET", f"/api/status/{job_id}/stream", OURS, X_Session_Token=token)

    assert stream.status_code == 200
    assert '"status":"completed"' in stream.text
    assert stream.headers["Access-Control-Allow-Origin"] == OURS


def test_preflights_have_a_route_of_their_own_in_the_metrics() -> None:
    async def never(*_: object) -> None:
        raise AssertionError("a preflight is answered before the application")

    async def preflight(app: ASGIApp) -> Response:
        asked_for = {"Origin": OURS, "Access-Control-Request-Method": "POST"}
        async with AsyncClient(transport=ASGITransport(cast("Any", app)), base_url=OURS) as client:
            return await client.options("/api/uploads", headers=asked_for)

    registry = CollectorRegistry()
    answer = asyncio.run(preflight(counted(with_cors(never, [OURS]), registry)))
    told = generate_latest(registry).decode()

    assert answer.status_code == 204
    assert 'darkroom_http_request_seconds_count{method="OPTIONS",route="preflight",status="204"} 1.0' in told
