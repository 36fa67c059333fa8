"""A proxy that has signed a person in names them in a header, which is believed from a trusted proxy alone."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from domain.staff import Role
from tests.integration.api.service import Service, error_of, running_service
from tests.integration.support.desk import BY, Desk

HEADER = "x-auth-request-preferred-username"
PROXY = "10.1.2.3"
STRANGER = "192.0.2.7"


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Service]:
    settings: dict[str, Any] = {"trusted_proxies": (ip_network("10.0.0.0/8"),), "staff_proxy_header": HEADER}
    with running_service(database_url, tmp_path, **settings) as service:
        yield service


def me(service: Service, peer: str, *headers: tuple[str, str]) -> httpx.Response:
    """The answer to a request that comes from this address."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(cast("Any", service.client.app), client=(peer, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://darkroom") as client:
            return await client.get("/api/support/me", headers=list(headers))

    return asyncio.run(ask())


def test_the_person_whom_a_trusted_proxy_names_is_let_in(service: Service) -> None:
    Desk.of(service)
    answer = me(service, PROXY, (HEADER, "agnes"))
    assert (answer.status_code, answer.json()["role"]) == (200, "agent")


def test_the_name_that_a_stranger_writes_is_not_believed(service: Service) -> None:
    Desk.of(service)
    for headers in ([(HEADER, "adam")], [(HEADER, "adam"), ("X-Forwarded-For", PROXY)]):
        assert error_of(me(service, STRANGER, *headers)) == (401, "UNAUTHORIZED")


def test_two_names_and_names_of_others_are_refused(service: Service) -> None:
    desk = Desk.of(service)
    desk.staff.add("gone", Role.ADMIN, None, by=BY)
    desk.staff.revoke("gone", by=BY)
    desk.staff.add("ended", Role.ADMIN, datetime(2001, 1, 1, tzinfo=UTC), by=BY)
    for names in (["adam", "adam"], ["mallory"], [""], ["Adam"], ["adam, vera"], ["gone"], ["ended"]):
        answer = me(service, PROXY, *((HEADER, name) for name in names))
        assert error_of(answer) == (401, "UNAUTHORIZED"), names


def test_what_the_proxy_sends_without_a_name_needs_a_token(service: Service) -> None:
    desk = Desk.of(service)
    assert error_of(me(service, PROXY)) == (401, "UNAUTHORIZED")
    assert me(service, PROXY, *desk.signed("vera").items()).json()["name"] == "vera"


def test_without_the_setting_no_header_is_believed(database_url: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"trusted_proxies": (ip_network("10.0.0.0/8"),)}
    with running_service(database_url, tmp_path, **settings) as service:
        Desk.of(service)
        assert error_of(me(service, PROXY, (HEADER, "adam"))) == (401, "UNAUTHORIZED")
