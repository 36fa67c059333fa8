"""The console's session: a cookie that a token or a link begins, and what may be done with it."""

import asyncio
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, cast

import httpx
import pytest
from prometheus_client import generate_latest

from app.api.support.requests.cookies import CSRF_HEADER, NAME, SECURE_NAME
from app.limits.wrong_tokens import FREE
from domain.stages import Stage
from projections.staff.sessions import StaffSessions
from tests.integration.api.service import Service, error_of, running_service
from tests.integration.support.desk import BY, REASON, Desk

SESSION: Final = "/api/support/session"
HERE: Final = "127.0.0.1"
PROXY: Final = "10.1.2.3"


class Browser:
    """A browser on some machine, with the cookies that it was given."""

    def __init__(self, service: Service, address: str = HERE, url: str = "http://darkroom") -> None:
        self._app = cast("Any", service.client.app)
        self._address = address
        self._url = url
        self._cookies = httpx.Cookies()
        self.csrf_token = ""

    def ask(self, method: str, path: str, json: object = None, **headers: str) -> httpx.Response:
        """The answer; headers are named with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, client=(self._address, 50_000))
            async with httpx.AsyncClient(transport=transport, base_url=self._url, cookies=self._cookies) as client:
                answer = await client.request(method, path, json=json, headers=sent)
                self._cookies = client.cookies
                return answer

        return asyncio.run(asked())

    def sign_in(self, secret: str, how: str = "token", **headers: str) -> httpx.Response:
        """Sign in."""
        answer = self.ask("POST", SESSION, {how: secret}, **headers)
        if answer.is_success:
            self.csrf_token = answer.json()["csrfToken"]
        return answer

    def act(self, upload_id: object, csrf_token: str | None) -> httpx.Response:
        """Retry an upload."""
        headers = {} if csrf_token is None else {CSRF_HEADER: csrf_token}
        return self.ask("POST", f"/api/support/uploads/{upload_id}/retry", {"reason": REASON}, **headers)


@pytest.fixture
def browser(desk: Desk) -> Browser:
    return Browser(desk.service)


@pytest.fixture
def link(desk: Desk) -> str:
    """The code of a link for adam."""
    return StaffSessions(desk.lives.pool).make_link("adam")


@pytest.fixture
def behind_tls(database_url: str, tmp_path: Path) -> Iterator[Service]:
    settings: dict[str, Any] = {"trusted_proxies": (ip_network("10.0.0.0/8"),)}
    with running_service(database_url, tmp_path, **settings) as service:
        yield service


def test_a_secret_in_the_address_signs_no_one_in(desk: Desk, browser: Browser) -> None:
    answer = browser.ask("POST", f"{SESSION}?token={desk.tokens['agnes']}", {"token": desk.tokens["agnes"]})

    assert error_of(answer) == (400, "BAD_REQUEST")
    assert "There is no parameter 'token'. The address takes no parameters." in answer.json()["error"]["message"]


def test_a_token_begins_a_session_whose_cookie_no_script_reads(desk: Desk, browser: Browser) -> None:
    answer = browser.sign_in(desk.tokens["agnes"])

    assert answer.status_code == 201
    body = answer.json()
    assert (body["name"], body["role"]) == ("agnes", "agent")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{NAME}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Max-Age=43" in cookie
    assert "Secure" not in cookie
    assert desk.tokens["agnes"] not in answer.text + cookie
    assert browser.ask("GET", SESSION).json() == body
    assert browser.ask("GET", "/api/support/uploads").status_code == 200


def test_a_change_needs_the_csrf_token_of_the_session(desk: Desk, browser: Browser) -> None:
    upload_id = desk.lives.failed(Stage.GENERATING)
    browser.sign_in(desk.tokens["agnes"])
    other = Browser(desk.service)
    other.sign_in(desk.tokens["agnes"])

    for token in (None, "", "x", other.csrf_token):
        assert error_of(browser.act(upload_id, token)) == (403, "FORBIDDEN")
    assert browser.act(upload_id, browser.csrf_token).status_code == 202
    assert [deed.action for deed in desk.deeds(upload_id)] == ["upload.retried"]


def test_the_role_is_asked_for_each_time(desk: Desk, browser: Browser) -> None:
    browser.sign_in(desk.tokens["vera"])
    assert error_of(browser.act(desk.lives.failed(Stage.GENERATING), browser.csrf_token)) == (403, "FORBIDDEN")


@pytest.mark.parametrize("change", ["rotate", "revoke"])
def test_a_new_token_and_a_revocation_end_it_at_once(desk: Desk, browser: Browser, change: str) -> None:
    browser.sign_in(desk.tokens["agnes"])
    getattr(desk.staff, change)("agnes", by=BY)
    assert error_of(browser.ask("GET", "/api/support/uploads")) == (401, "UNAUTHORIZED")


def test_signing_out_ends_it_here_and_everywhere(desk: Desk, browser: Browser) -> None:
    answer = browser.sign_in(desk.tokens["agnes"])
    stolen = answer.headers["set-cookie"].split(";")[0]

    assert error_of(browser.ask("DELETE", SESSION)) == (403, "FORBIDDEN")
    ended = browser.ask("DELETE", SESSION, **{CSRF_HEADER: browser.csrf_token})

    assert (ended.status_code, ended.json()["ended"]) == (200, True)
    assert "Max-Age=0" in ended.headers["set-cookie"]
    assert error_of(browser.ask("GET", SESSION)) == (401, "UNAUTHORIZED")
    assert error_of(Browser(desk.service).ask("GET", SESSION, Cookie=stolen)) == (401, "UNAUTHORIZED")
    assert [deed.action for deed in desk.deeds()] == ["signed-in", "signed-out"]


def test_a_header_goes_before_the_cookie_and_needs_no_csrf_token(desk: Desk, browser: Browser) -> None:
    browser.sign_in(desk.tokens["vera"])
    signed = desk.signed("agnes")
    assert browser.ask("GET", "/api/support/me", **signed).json()["name"] == "agnes"
    assert browser.ask("GET", SESSION, **signed).json() == {
        "success": True,
        "name": "agnes",
        "role": "agent",
        "endsAt": None,
        "csrfToken": None,
    }
    retried = browser.ask(
        "POST", f"/api/support/uploads/{desk.lives.failed(Stage.GENERATING)}/retry", {"reason": REASON}, **signed
    )
    assert retried.status_code == 202


def test_a_link_signs_in_once(desk: Desk, link: str) -> None:
    answer = Browser(desk.service).sign_in(link, "link")
    assert (answer.status_code, answer.json()["name"]) == (201, "adam")
    assert link not in answer.text
    again = Browser(desk.service).sign_in(link, "link")
    assert error_of(again) == (401, "UNAUTHORIZED")
    assert "used before" in again.json()["error"]["message"]
    assert [(deed.action, deed.actor, deed.facts["with"]) for deed in desk.deeds()] == [
        ("signed-in", "staff:adam", "link")
    ]


@pytest.mark.parametrize("address", ["::1", "127.3.2.1", "::ffff:127.0.0.1"])
def test_a_link_works_on_this_machine(desk: Desk, link: str, address: str) -> None:
    assert Browser(desk.service, address).sign_in(link, "link").status_code == 201


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.7", {}),
        ("192.0.2.7", {"X-Forwarded-For": HERE}),
        (HERE, {"X-Forwarded-For": "192.0.2.7"}),
        (HERE, {"Forwarded": "for=192.0.2.7"}),
        (HERE, {"X-Real-IP": "192.0.2.7"}),
        (HERE, {"Via": "1.1 proxy"}),
    ],
)
def test_a_link_works_nowhere_else_and_is_not_used_up(
    desk: Desk, link: str, address: str, headers: dict[str, str]
) -> None:
    assert error_of(Browser(desk.service, address).sign_in(link, "link", **headers)) == (403, "FORBIDDEN")
    assert Browser(desk.service).sign_in(link, "link").status_code == 201


@pytest.mark.parametrize("given", [{}, {"token": ""}, {"token": 7}, {"token": "a", "link": "b"}, {"name": "adam"}])
def test_what_is_no_sign_in_is_refused(browser: Browser, given: dict[str, object]) -> None:
    assert error_of(browser.ask("POST", SESSION, given)) == (400, "BAD_REQUEST")


def test_wrong_tokens_and_links_are_counted(desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.limits.wrong_tokens.WAIT_SECONDS", 0.0)
    for _ in range(FREE):
        assert error_of(browser.sign_in("dks_" + "x" * 43)) == (401, "UNAUTHORIZED")
    assert error_of(browser.sign_in("y" * 43, "link")) == (401, "UNAUTHORIZED")
    told = generate_latest(desk.service.services.registry).decode()
    assert f"darkroom_support_wrong_tokens_total {FREE + 1}.0" in told


def test_over_tls_the_cookie_is_secure_and_bound_to_the_host(behind_tls: Service) -> None:
    desk = Desk.of(behind_tls)
    browser = Browser(behind_tls, PROXY, "https://darkroom")
    cookie = browser.sign_in(desk.tokens["vera"], X_Forwarded_Proto="https").headers["set-cookie"]
    assert cookie.startswith(f"{SECURE_NAME}=")
    assert {"Secure", "Path=/"} <= set(cookie.split("; "))
    assert browser.ask("GET", SESSION, X_Forwarded_Proto="https").json()["name"] == "vera"


def test_what_a_stranger_says_of_tls_is_not_believed(behind_tls: Service) -> None:
    desk = Desk.of(behind_tls)
    answer = Browser(behind_tls, "192.0.2.7").sign_in(desk.tokens["vera"], X_Forwarded_Proto="https")
    assert "Secure" not in answer.headers["set-cookie"]
