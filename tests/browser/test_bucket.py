"""Pictures in a bucket on another origin are shown, saved under their photo's name, shared, and seen in the frames."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from PIL import Image
from playwright.sync_api import Browser, Download, Route, expect

from tests.acceptance.service import running
from tests.browser.person import Person
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import picture
from tests.photos.variants import photo
from tests.s3_server import S3Server, running_s3_server

READY: Final = "Your picture is ready"
SHARES: Final = """
navigator.canShare = () => true;
navigator.share = async ({ files: [file] }) => { window.shared = [file.name, file.type, file.size > 1000]; };
"""
"""A browser that shares files; Chromium without a window does not."""


@pytest.fixture(scope="module")
def bucket() -> Iterator[S3Server]:
    """The bucket, which allows every origin to read."""
    with running_s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def address(bucket: S3Server) -> Iterator[str]:
    """Where the service is that keeps its pictures there."""
    with (
        FakeGemini() as gemini,
        running(**bucket.environ, GEMINI_API_KEY=gemini.key, GEMINI_BASE_URL=gemini.url) as service,
    ):
        gemini.always_answer_with(picture())
        yield service.url


@pytest.fixture
def visitor(chromium: Browser, address: str) -> Iterator[Person]:
    """A person at its page."""
    context = chromium.new_context(locale="en-GB")
    context.add_init_script(SHARES)
    person = Person(context, address).open()
    yield person
    context.close()


def forbid_reading(visitor: Person, bucket: S3Server, at_once: int = 1) -> None:
    """The bucket allows no other origin to read, as buckets do unless told: pictures are shown, and no more.

    It answers so slowly that by then so many are asked for, to be saved.
    """
    held: list[Route] = []

    def answer(route: Route) -> None:
        if route.request.resource_type == "fetch":
            route.abort()
        elif route.request.is_navigation_request():
            held.append(route)
            if len(held) == at_once:
                for one in held:
                    one.continue_()
                held.clear()
        else:
            route.continue_()

    visitor.context.route(f"{bucket.environ['S3_ENDPOINT_URL']}/**", answer)


def saved(visitor: Person, tmp_path: Path) -> str:
    """Press the button, and the name of what is saved, which is a picture."""
    with visitor.page.expect_download() as saving:
        visitor.press("Save the preview")
    saving.value.save_as(tmp_path / "saved")
    with Image.open(tmp_path / "saved") as opened:
        assert opened.format == "JPEG"
    return saving.value.suggested_filename


def test_a_picture_is_saved_under_its_photos_name_and_the_page_stays(visitor: Person, tmp_path: Path) -> None:
    visitor.send().reads(READY).assert_revealed()
    before = visitor.page.url
    assert saved(visitor, tmp_path) == "0 darkroom.jpg"
    assert visitor.page.url == before
    visitor.reads(READY)
    assert visitor.faults == []


def test_where_the_bucket_lets_no_page_read_it_is_saved_under_its_jobs_id_and_the_page_stays(
    visitor: Person, bucket: S3Server, tmp_path: Path
) -> None:
    forbid_reading(visitor, bucket)
    visitor.send().reads(READY).assert_revealed()
    before = visitor.page.url
    assert saved(visitor, tmp_path) == f"darkroom-{visitor.job_id[:8]}.jpg"
    assert visitor.page.url == before
    visitor.press("Share").sees("Save it, and share the file.")


@pytest.mark.parametrize("is_forbidden", [False, True], ids=["readable", "not readable"])
def test_several_are_all_saved_each_under_its_own_name(
    visitor: Person, bucket: S3Server, *, is_forbidden: bool
) -> None:
    if is_forbidden:
        forbid_reading(visitor, bucket, at_once=3)
    visitor.send(photo("coffee"), photo("cat"), photo("rocket")).reads("3 photos")
    names: list[str] = []

    def note(download: Download) -> bool:
        names.append(download.suggested_filename)
        return len(names) == 3

    with visitor.page.expect_event("download", predicate=note):
        visitor.press("Save all 3 previews")
    by_id = {f"darkroom-{job_id[:8]}.jpg" for job_id in visitor.sessions}
    assert set(names) == (by_id if is_forbidden else {f"{n} darkroom.jpg" for n in range(3)})
    visitor.reads("3 photos")


def test_a_picture_is_shared_and_its_frame_shows_it(visitor: Person) -> None:
    visitor.send().reads(READY).assert_revealed()
    visitor.press("Share")
    visitor.wait("window.shared !== undefined")
    assert visitor.page.evaluate("shared") == ["0 darkroom.jpg", "image/jpeg", True]
    visitor.wait("JSON.parse(localStorage['darkroom.uploads'])[0].made !== undefined")
    expect(visitor.page.locator(".contact-sheet img")).to_be_visible()
    assert visitor.faults == []
