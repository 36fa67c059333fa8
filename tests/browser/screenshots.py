"""The page at each stage, as pictures for README.md: `python -m tests.browser.screenshots` writes app/web/screenshots.

Real photos go through a real service that has a past and is busy. What the image model answers is the local renderer's
print, but more slowly.
"""

from pathlib import Path
from threading import Event
from typing import Final, Literal, NamedTuple

from playwright.sync_api import Browser, ViewportSize

from tests.acceptance.clients import Api
from tests.acceptance.service import running
from tests.browser.chromium import running_chromium
from tests.browser.conftest import Darkroom
from tests.browser.past import give_a_past
from tests.browser.person import Person
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import after, picture, pictures, text_only, when
from tests.photos.variants import photo
from workers.imaging.jobs import Print
from workers.imaging.printing import make_print

FOLDER: Final = Path(__file__).parents[2] / "app" / "web" / "screenshots"
QUALITY: Final = 72
"""Of the JPEGs: small files, since a clone carries them for ever."""
THREADS: Final = 10
SECONDS: Final = 12
"""That the image model takes."""


class Screen(NamedTuple):
    """What a person looks at."""

    name: str
    color_scheme: Literal["dark", "light"]
    width: int
    is_phone: bool


SCREENS: Final = (Screen("wide", "dark", 1100, is_phone=False), Screen("phone", "light", 360, is_phone=True))


def main() -> None:
    """Take them all."""
    FOLDER.mkdir(exist_ok=True)
    with (
        FakeGemini() as gemini,
        running(GEMINI_API_KEY=gemini.key, GEMINI_BASE_URL=gemini.url, WORKER_THREADS=str(THREADS)) as service,
        running_chromium() as browser,
    ):
        give_a_past(service, gemini, after(SECONDS, picture()))
        for screen in SCREENS:
            _series(browser, Darkroom(service, gemini), screen)


def _series(browser: Browser, darkroom: Darkroom, screen: Screen) -> None:
    context = browser.new_context(
        color_scheme=screen.color_scheme,
        viewport=ViewportSize(width=screen.width, height=720),
        has_touch=screen.is_phone,
        is_mobile=screen.is_phone,
        locale="en-GB",
    )
    person = Person(context, darkroom.service.url).open().reads("Put a photo in the tray")
    _take(person, f"{screen.name}-1-begin")
    told = Event()
    _fill(darkroom, told)
    person.send().reads("Waiting for its turn").reads_small_print("Usually")
    _take(person, f"{screen.name}-2-waiting")
    darkroom.gemini.always_answer_with(after(SECONDS, pictures(make_print(Print(photo(), seed="a screenshot")).jpeg)))
    told.set()
    person.reads("Your picture is developing").reads_small_print("Usually")
    person.wait("seen.progress.at(-1) > 30")
    _take(person, f"{screen.name}-3-developing")
    person.reads("Your picture is ready").assert_revealed()
    _take(person, f"{screen.name}-4-ready")
    darkroom.gemini.always_answer_with(text_only())
    person.press("New photo").send(photo("cat")).reads("This one did not develop")
    person.page.mouse.move(0, 0)  # off the button that was pressed
    _take(person, f"{screen.name}-5-failed")
    context.close()


def _fill(darkroom: Darkroom, told: Event) -> None:
    """Keep every place of the worker, until the word, and leave one upload waiting."""
    darkroom.gemini.always_answer_with(when(told, picture()))
    with Api(darkroom.service.url) as api:
        for _ in range(THREADS + 1):
            api.submit()


def _take(person: Person, name: str) -> None:
    person.settle()
    person.page.screenshot(path=FOLDER / f"{name}.jpg", type="jpeg", quality=QUALITY)


if __name__ == "__main__":
    main()
