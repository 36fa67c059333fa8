"""The hook in front ends that are not ours: packed, on another origin, under StrictMode, in two versions of React."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.service import Service, running
from tests.browser.front_end import build, serving_folder
from tests.photos.variants import photo

STATUS = "output"


@pytest.fixture(scope="module", params=["react-18", "react-19"])
def origin(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the front end is served."""
    folder: Path = tmp_path_factory.mktemp(request.param) / "front-end"
    with serving_folder(build(request.param, folder)) as url:
        yield url


@pytest.fixture(scope="module")
def allowing(origin: str) -> Iterator[Service]:
    """A Darkroom that this front end may use."""
    with running(CORS_ORIGINS=origin) as service:
        yield service


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab in which no script may fail."""
    context = chromium.new_context()
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


def send(page: Page) -> None:
    """Choose a photo in the front end."""
    page.locator("input").set_input_files({"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo()})


def test_it_follows_an_upload_to_its_end_whose_session_is_kept_after_it_began(
    page: Page, origin: str, allowing: Service
) -> None:
    page.goto(f"{origin}/?api={allowing.url}")
    expect(page.locator(STATUS)).to_have_text("idle")

    send(page)

    expect(page.locator(STATUS)).to_have_text("completed", timeout=60_000)
    expect(page.locator(STATUS)).to_have_attribute("data-progress", "100")
    page.reload()
    expect(page.locator(STATUS)).to_have_text("completed")


def test_an_origin_that_darkroom_does_not_allow_is_told_of_a_trouble_and_not_of_an_end(
    page: Page, origin: str, allowing: Service
) -> None:
    page.goto(f"{origin}/?api={allowing.url}")
    send(page)
    expect(page.locator(STATUS)).to_have_text("completed", timeout=60_000)
    session = page.evaluate("Object.entries(localStorage)[0]")

    # The same front end under another name is another origin.
    page.goto(f"{origin.replace('127.0.0.1', 'localhost')}/?api={allowing.url}")
    page.evaluate("([key, token]) => localStorage.setItem(key, token)", session)
    page.goto(f"{page.url}#{session[0].rpartition('.')[2]}")
    page.reload()

    expect(page.locator(STATUS)).to_have_attribute("data-error", "NETWORK")
    expect(page.locator(STATUS)).to_have_text("loading")
