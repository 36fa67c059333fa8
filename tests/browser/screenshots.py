"""The page at each stage, as pictures for README.md: `python -m tests.browser.screenshots` writes app/web/screenshots.

A real photo goes through a real service. What the image model answers is the local renderer's print, but more slowly.
"""

from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, ViewportSize

from tests.acceptance.service import running
from tests.browser.chromium import running_chromium
from tests.browser.person import Person
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import after, pictures, prompt_blocked
from tests.photos.variants import photo
from workers.imaging.jobs import Print
from workers.imaging.printing import make_print

FOLDER: Final = Path(__file__).parents[2] / "app" / "web" / "screenshots"
QUALITY: Final = 72
"""Of the JPEGs: small files, since a clone carries them for ever."""
SCREENS: Final = {"wide": ViewportSize(width=1100, height=720), "phone": ViewportSize(width=360, height=720)}


def main() -> None:
    """Take them all."""
    FOLDER.mkdir(exist_ok=True)
    with (
        FakeGemini() as gemini,
        running(GEMINI_API_KEY=gemini.key, GEMINI_BASE_URL=gemini.url) as service,
        running_chromium() as browser,
    ):
        for color_scheme, screen in (("dark", "wide"), ("light", "phone")):
            _series(browser, gemini, service.url, color_scheme, screen)


def _series(browser: Browser, gemini: FakeGemini, url: str, color_scheme: str, screen: str) -> None:
    phone = screen == "phone"
    context = browser.new_context(
        color_scheme="dark" if color_scheme == "dark" else "light",
        viewport=SCREENS[screen],
        has_touch=phone,
        is_mobile=phone,
        locale="en-GB",
    )
    person = Person(context, url).open().reads("Put a photo in the tray")
    _take(person, f"{screen}-1-begin")
    gemini.always_answer_with(after(14, pictures(make_print(Print(photo(), seed="a screenshot")).jpeg)))
    person.send().reads("Your picture is developing")
    person.wait("seen.progress.at(-1) > 30")
    _take(person, f"{screen}-2-developing")
    person.reads("Your picture is ready").assert_revealed()
    _take(person, f"{screen}-3-ready")
    gemini.always_answer_with(prompt_blocked())
    person.press("New photo").send(photo("cat")).reads("This one did not develop")
    _take(person, f"{screen}-4-failed")
    context.close()


def _take(person: Person, name: str) -> None:
    person.settle()
    person.page.screenshot(path=FOLDER / f"{name}.jpg", type="jpeg", quality=QUALITY)


if __name__ == "__main__":
    main()
