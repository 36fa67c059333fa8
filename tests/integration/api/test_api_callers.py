"""Who may ask: a Host list, other sites' pages, and what every answer tells a browser."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest
from httpx import ASGITransport, AsyncClient, Response
from litestar.types import ASGIApp

from app.api.front.callers import with_known_callers
from tests.integration.api.service import JPEG, Service, error_of, running_service

HOST = "photos.example.com"


@pytest.mark.parametrize("named", [HOST, f"{HOST}:8000", HOST.upper(), "[2001:db8::1]:443", "public.example.com"])
def test_a_host_of_the_list_is_answered(database_url: str, tmp_path: Path, named: str) -> None:
    settings: dict[str, Any] = {"allowed_hosts": (HOST, "[2001:db8::1]"), "public_url": "https://public.example.com"}
    with running_service(database_url, tmp_path, **settings) as service:
        assert service.client.get("/", headers={"Host": named}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/uploads", "/api/status/x", "/schema"])
def test_a_host_that_is_not_in_the_list_is_refused(database_url: str, tmp_path: Path, path: str) -> None:
    with running_service(database_url, tmp_path, allowed_hosts=(HOST,)) as service:
        for named in ("evil.example", f"{HOST}.evil.example", ""):
            assert error_of(service.client.get(path, headers={"Host": named})) == (400, "UNKNOWN_HOST")
        assert service.client.get("/healthz", headers={"Host": "10.0.0.7:8000"}).status_code == 200


@pytest.mark.parametrize("named", [(HOST, "evil.example"), ("evil.example", HOST), (HOST, HOST)])
@pytest.mark.parametrize("path", ["/", "/healthz", "/api/status/x"])
def test_a_request_names_one_host(named: tuple[str, ...], path: str) -> None:
    async def never(*_: object) -> None:
        raise AssertionError("it is answered before the application")

    async def asked(app: ASGIApp) -> Response:
        async with AsyncClient(transport=ASGITransport(cast("Any", app)), base_url="http://x") as client:
            return await client.get(path, headers=[("Host", host) for host in named])

    for allowed in ((HOST,), ()):
        answer = asyncio.run(asked(with_known_callers(never, allowed, "", ())))
        assert error_of(answer) == (400, "UNKNOWN_HOST")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://testserver.local.evil.example"])
def test_a_browser_that_names_its_origin_alone_is_asked_whose_page_it_is(service: Service, origin: str) -> None:
    own = str(service.client.base_url)
    assert error_of(service.post(Origin=origin)) == (403, "FORBIDDEN")
    assert service.post(Origin=own).status_code == 202
    assert service.client.get("/", headers={"Origin": origin}).status_code == 200


def test_a_page_at_the_public_url_is_our_own_behind_a_proxy_too(database_url: str, tmp_path: Path) -> None:
    with running_service(database_url, tmp_path, public_url="https://photos.example.com/") as service:
        assert service.post(Origin="https://photos.example.com").status_code == 202
        assert service.post(Origin="https://evil.example").status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_changes_nothing(service: Service, site: str) -> None:
    upload_id, token = service.submitted()
    before = service.uploads()
    asked = {"Sec-Fetch-Site": site, "Origin": "https://evil.example", "X-Session-Token": token}
    answers = [
        service.client.post("/api/uploads", files={"image": ("a.jpg", b"x")}, headers=asked),
        service.client.post(f"/api/uploads/{upload_id}/cancel", headers=asked),
        service.client.delete(f"/api/uploads/{upload_id}", headers=asked),
    ]

    assert [error_of(answer) for answer in answers] == [(403, "FORBIDDEN")] * 3
    assert service.uploads() == before
    assert service.poll(upload_id, token).json()["status"] == "pending"


@pytest.mark.parametrize("site", ["same-origin", "none", None])
def test_our_own_page_and_programs_are_taken(service: Service, site: str | None) -> None:
    headers = {"Sec-Fetch-Site": site} if site else {}
    files = {"image": ("a.jpg", JPEG)}
    assert service.client.post("/api/uploads", files=files, headers=headers).status_code == 202


def test_a_page_of_an_allowed_origin_is_taken(database_url: str, tmp_path: Path) -> None:
    origin = "https://app.example.com"
    with running_service(database_url, tmp_path, cors_origins=(origin,)) as service:
        assert service.post(Sec_Fetch_Site="cross-site", Origin=origin).status_code == 202


def test_tls_alone_is_told_where_the_public_url_is_https(database_url: str, tmp_path: Path, service: Service) -> None:
    assert "Strict-Transport-Security" not in service.client.get("/healthz").headers
    with running_service(database_url, tmp_path, public_url="https://photos.example.com") as secure:
        for path in ("/healthz", "/", "/api/status/x", "/nowhere"):
            assert "max-age=" in secure.client.get(path).headers["Strict-Transport-Security"]


@pytest.mark.parametrize("path", ["/", "/healthz", "/schema", "/api/status/x", "/nowhere"])
def test_every_answer_isolates_itself(service: Service, path: str) -> None:
    headers = service.client.get(path).headers
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_a_preview_may_be_kept_no_longer_than_its_link(service: Service) -> None:
    upload_id, token = service.submitted()
    result = service.result(service.complete(upload_id), token).json()
    image = service.client.get(result["preview"]["url"])

    kept = int(image.headers["Cache-Control"].removeprefix("private, max-age="))
    assert 0 <= kept <= 300
