"""With OPERATIONS_PORT, what is for operators has a port of its own, and the public port has none of it."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.acceptance.service import Service, running
from tests.servers import free_port
from tests.waiting import until

PER_ADDRESS = 20


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running(OPERATIONS_PORT=str(free_port()), CONNECTIONS_PER_ADDRESS=str(PER_ADDRESS)) as service:
        yield service


@pytest.mark.parametrize(
    "path", ["/metrics", "/readyz", "/schema", "/schema/openapi.json", "//metrics", "/readyz/", "//schema"]
)
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


@pytest.mark.parametrize("url", ["url", "operations_url"])
def test_an_address_may_hold_so_many_connections_of_either_port(service: Service, url: str) -> None:
    address = urlsplit(getattr(service, url))
    with ExitStack() as stack:
        for _ in range(3 * PER_ADDRESS):
            stack.enter_context(socket.create_connection(("127.0.0.1", address.port or 0)))
        until(lambda: connections_to(address.port or 0) <= PER_ADDRESS, "an address keeps more than it may")


def connections_to(port: int) -> int:
    """How many the API has that are open."""
    fields = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established = "01"
    return sum(local.endswith(f":{port:04X}") and state == established for _, local, _, state, *_ in fields)
