"""With OPERATIONS_PORT, what is for operators has a port of its own, and the public port has none of it."""

from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance.service import Service, free_port, running


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running(OPERATIONS_PORT=str(free_port())) as service:
        yield service


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/schema", "/schema/openapi.json"])
def test_an_address_for_operators_is_on_their_port_alone(service: Service, path: str) -> None:
    assert httpx.get(service.operations_url + path, timeout=20).status_code == 200
    assert httpx.get(service.url + path, timeout=20).status_code == 404


@pytest.mark.parametrize("path", ["/", "/api/status/x", "/api/support/me"])
def test_the_port_of_operators_has_nothing_else(service: Service, path: str) -> None:
    assert httpx.get(service.operations_url + path, timeout=20).status_code == 404
    assert httpx.get(service.url + path, timeout=20).status_code != 404


def test_both_ports_say_that_the_process_lives(service: Service) -> None:
    for url in (service.url, service.operations_url):
        assert httpx.get(f"{url}/healthz", timeout=20).status_code == 200
