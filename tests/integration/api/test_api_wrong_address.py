"""At a wrong address a person gets a page and a program JSON; what browsers look for by themselves is there."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from tests.integration.api.service import Service, error_of

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize("path", ["/nowhere", "/assets/nothing.js", "/schema/nowhere", "/status/x", "/api"])
def test_a_person_gets_a_page_that_leads_back(service: Service, path: str) -> None:
    answer = service.client.get(path, headers={"Accept": CHROMIUM})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "There is nothing at this address." in answer.text
    assert 'href="/"' in answer.text
    assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html;q=0.5", "image/png", ""])
def test_a_program_gets_json(service: Service, accept: str) -> None:
    answer = service.client.get("/nowhere", headers={"Accept": accept})
    assert error_of(answer) == (404, "NOT_FOUND")
    assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize("path", ["/api/nowhere", "/api/status", "/api/blobs/forged"])
def test_below_the_api_a_person_gets_json_too(service: Service, path: str) -> None:
    assert error_of(service.client.get(path, headers={"Accept": CHROMIUM})) == (404, "NOT_FOUND")


def test_the_policy_of_the_page_allows_its_own_style_and_nothing_else(service: Service) -> None:
    answer = service.client.get("/nowhere", headers={"Accept": CHROMIUM})
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def test_a_head_request_gets_the_headers_of_the_page_alone(service: Service) -> None:
    answer = service.client.head("/nowhere", headers={"Accept": CHROMIUM})
    assert (answer.status_code, answer.content) == (404, b"")


def test_the_icon_is_the_one_that_the_page_names(service: Service) -> None:
    (link,) = re.findall(r'<link rel="icon"[^>]*href="([^"]+)"', service.client.get("/").text)
    icon = service.client.get("/favicon.ico")
    assert icon.status_code == 200
    assert (icon.content, icon.headers["Content-Type"]) == (
        service.client.get(link).content,
        service.client.get(link).headers["Content-Type"],
    )


def test_search_engines_are_kept_from_what_belongs_to_others(service: Service) -> None:
    answer = service.client.get("/robots.txt")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.splitlines() == ["User-agent: *", "Disallow: /api/", "Disallow: /schema"]
