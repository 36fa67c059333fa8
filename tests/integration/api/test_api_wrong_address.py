"""At a wrong address a person gets a page and a program JSON; what browsers look for by themselves is there."""

import re
from base64 import b64encode
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from app.api.pages.wrong_address import LANGUAGES
from tests.integration.api.service import Service, error_of

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize("path", ["/nowhere", "/assets/nothing.js", "/schema/nowhere", "/status/x", "/api"])
def test_a_person_gets_a_page_that_leads_back(service: Service, path: str) -> None:
    answer = service.client.get(path, headers={"Accept": CHROMIUM})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "There is nothing at this address." in answer.text
    assert 'href="/"' in answer.text
    assert answer.headers["Vary"] == "Accept, Accept-Language"


@pytest.mark.parametrize(
    ("wished", "language", "direction", "heading"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de", "ltr", "Unter dieser Adresse ist nichts."),
        ("fr, en;q=0.5, ar-EG;q=0.7", "ar", "rtl", "لا يوجد شيء في هذا العنوان."),
        ("de;q=0, en", "en", "ltr", "There is nothing at this address."),
        ("fr", "en", "ltr", "There is nothing at this address."),
        ("de;q=much, \x00, ;;;", "en", "ltr", "There is nothing at this address."),
        ("", "en", "ltr", "There is nothing at this address."),
    ],
)
def test_a_person_reads_the_language_that_the_browser_asks_for(
    service: Service, wished: str, language: str, direction: str, heading: str
) -> None:
    answer = service.client.get("/nowhere", headers={"Accept": CHROMIUM, "Accept-Language": wished})
    assert f'<html lang="{language}" dir="{direction}">' in answer.text
    assert f"<h1>{heading}</h1>" in answer.text
    assert answer.headers["Content-Language"] == language


def test_it_speaks_the_languages_of_the_upload_page() -> None:
    written = Path(__file__).parents[3] / "app/web/src/page/language"
    spoken = {file.stem for file in written.glob("*.ts")} - {"index", "language.test"}
    assert spoken == set(LANGUAGES)


LONG: Final = "image/png," * 100 + "text/html"
"""No browser sends so many; all of them would hold up every other request."""


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "application/json, text/html;q=0.5", "image/png", "", LONG]
)
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


def test_the_touch_icon_is_a_picture_that_a_phone_can_show(service: Service) -> None:
    (link,) = re.findall(r'<link rel="apple-touch-icon"[^>]*href="([^"]+)"', service.client.get("/").text)
    icon = service.client.get(link)
    assert icon.headers["Content-Type"] == "image/png"
    with Image.open(BytesIO(icon.content)) as picture:
        assert (picture.format, picture.size) == ("PNG", (180, 180))
