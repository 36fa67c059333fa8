"""HEAD: the same answer as to a GET, without its body and without waiting."""

from pathlib import Path

import httpx
import pytest

from app.signing.sessions import Sessions
from tests.api_services import KEYS
from tests.integration.api.service import Service, error_of
from tests.integration.api.serving import running
from tests.lives import Lives


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/readyz", "/metrics", "/schema", "/nowhere", "/api/status/x", "/api/uploads"]
)
def test_the_head_is_that_of_get(service: Service, path: str) -> None:
    headers = {"X-Request-ID": "same"}
    get, head = (service.client.request(method, path, headers=headers) for method in ("GET", "HEAD"))

    assert head.content == b""
    assert (head.status_code, sorted(head.headers.items())) == (get.status_code, sorted(get.headers.items()))


def test_a_poll_and_its_other_shape_take_it(service: Service) -> None:
    upload_id, token = service.submitted()
    for path in (f"/api/status/{upload_id}", f"/api/status/{upload_id}/"):
        answer = service.client.head(path, headers={"X-Session-Token": token})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (200, b"", '"1"')


@pytest.mark.parametrize("method", ["PATCH", "OPTIONS"])
def test_whatever_takes_get_says_that_it_takes_head(service: Service, method: str) -> None:
    def allowed(path: str) -> set[str]:
        return set(service.client.request(method, path).headers["Allow"].split(", "))

    assert allowed("/healthz") >= {"GET", "HEAD"}
    assert "HEAD" not in allowed("/api/uploads")


def test_options_names_every_method_of_an_address(service: Service) -> None:
    def allowed(path: str) -> set[str]:
        return set(service.client.options(path).headers["Allow"].split(", "))

    assert allowed("/api/support/session") == {"GET", "HEAD", "POST", "DELETE", "OPTIONS"}
    assert allowed("/api/support/staff") == {"GET", "HEAD", "POST", "OPTIONS"}


def test_what_takes_no_get_takes_no_head(service: Service) -> None:
    assert service.client.head("/api/uploads").status_code == 405
    assert error_of(service.client.get("/api/uploads")) == (405, "METHOD_NOT_ALLOWED")


def test_on_the_wire_it_waits_for_nothing_and_leaves_the_connection_as_it_should_be(
    database_url: str, tmp_path: Path
) -> None:
    owner = Sessions(KEYS).new()
    with (
        Lives(database_url, tmp_path) as lives,
        running(database_url, tmp_path) as server,
        httpx.Client(base_url=server.url, timeout=5, headers={"X-Session-Token": owner.token}) as client,
    ):
        path = f"/api/status/{lives.submitted(session_hash=owner.hash)}"
        for held in ("*", '"1"'):
            assert client.head(path, headers={"Prefer": "wait=30", "If-None-Match": held}).status_code == 304
        stream = client.head(f"{path}/stream")
        assert (stream.status_code, stream.content) == (200, b"")
        assert stream.headers["Content-Type"] == "text/event-stream"
        head, get = client.head("/"), client.get("/")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["ETag"] == get.headers["ETag"]
        told = server.stop()
    assert "Traceback" not in told
