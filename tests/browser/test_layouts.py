"""The page in forced colours, from right to left, in three languages, on a phone, and without JavaScript."""

from io import BytesIO
from threading import Event
from typing import Final

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Darkroom, NewPerson
from tests.browser.person import Person
from tests.fakes.gemini_replies import picture, text_only, when

READY: Final = "Your picture is ready"
DEVELOPING: Final = "Your picture is developing"
SHIFTS: Final = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) shifted += value;
}).observe({ type: "layout-shift", buffered: true });
"""
TARGETS: Final = """() => [...document.querySelectorAll("button, a, summary")]
  .filter((target) => target.checkVisibility())
  .map((target) => [target.textContent || target.ariaLabel, target.getBoundingClientRect()])
  .filter(([, box]) => box.height > 0 && (box.height < 44 || box.width < 44))
  .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""


def seen(locator: Locator) -> Image.Image:
    """What is painted there."""
    return Image.open(BytesIO(locator.screenshot())).convert("RGB")


def colours(image: Image.Image) -> int:
    """How many colours it has that cover more than a hundredth of it each."""
    found = image.getcolors(image.width * image.height) or []
    return sum(1 for count, _ in found if count * 100 > image.width * image.height)


@pytest.mark.parametrize("color_scheme", ["dark", "light"])
def test_in_forced_colours_the_bar_and_the_stages_are_seen(
    new_person: NewPerson, darkroom: Darkroom, color_scheme: str
) -> None:
    told = Event()
    darkroom.gemini.always_answer_with(when(told, text_only()))
    person = new_person(forced_colors="active", color_scheme=color_scheme).open().send().reads(DEVELOPING)
    person.settle()
    bar = seen(person.page.locator('[aria-label="Progress"]'))
    middle = bar.height // 2
    assert bar.getpixel((4, middle)) != bar.getpixel((bar.width - 4, middle))

    stages = person.page.locator(".stages li")
    marks = [seen(stages.nth(number)).crop((0, 0, 26, 36)) for number in range(5)]
    done, current, following = marks[0], marks[1], marks[3]
    for one, other in ((done, current), (current, following), (done, following)):
        assert ImageChops.difference(one, other).getbbox()
    assert seen(person.page.locator(".lamp")).getextrema() != ((0, 0), (0, 0), (0, 0))

    told.set()
    person.reads("This one did not develop")
    person.settle()
    ended = seen(stages.nth(1)).crop((0, 0, 26, 36))
    assert ImageChops.difference(ended, done).getbbox()
    assert ImageChops.difference(ended, current).getbbox()


def test_from_right_to_left_bar_and_stages_begin_at_the_right(new_person: NewPerson, darkroom: Darkroom) -> None:
    told = Event()
    darkroom.gemini.always_answer_with(when(told, picture()))
    person = new_person(language="ar").open().send().reads("صورتك تظهر")
    person.settle()
    assert person.page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
    image = seen(person.page.locator('[role="progressbar"]'))
    middle = image.height // 2
    assert image.getpixel((image.width - 4, middle)) != image.getpixel((4, middle))
    full = image.getpixel((image.width - 4, middle))
    assert isinstance(full, tuple)
    assert full[0] > 150  # the lamp's red
    stage = seen(person.page.locator(".stages li").first)
    dots = ImageChops.difference(stage, Image.new("RGB", stage.size, stage.getpixel((stage.width // 2, 2)))).getbbox()
    assert dots
    assert dots[2] > stage.width - 20
    assert person.page.locator(".figure").inner_text().replace("\n", "").endswith("%")
    person.assert_accessible()
    told.set()
    person.reads("صورتك جاهزة").assert_revealed("ما صنعه Darkroom")


def test_what_answers_in_between_is_told_of_in_the_persons_language(new_person: NewPerson, darkroom: Darkroom) -> None:
    person = new_person(language="de-DE").open()
    with darkroom.developing():
        person.send().reads("Dein Bild entwickelt sich")
        person.page.route("**/api/status/**", lambda route: route.fulfill(status=502, body="Bad Gateway"))
        person.sees("hat an dessen Stelle geantwortet, mit Status 502.")


@pytest.mark.parametrize(
    ("language", "start", "ready", "made"),
    [
        ("de-DE", "Leg ein Foto in die Schale", "Dein Bild ist fertig", "Was Darkroom gemacht hat"),
        ("ar-EG", "ضع صورة في الحوض", "صورتك جاهزة", "ما صنعه Darkroom"),
        ("fr-FR", "Put a photo in the tray", READY, "What Darkroom made"),
    ],
)
def test_the_browser_chooses_the_language(
    new_person: NewPerson, language: str, start: str, ready: str, made: str
) -> None:
    phone = {"width": 360, "height": 740}
    person = new_person(language=language, viewport=phone).open().reads(start).assert_accessible()
    person.send().reads(ready).assert_revealed(made)
    person.assert_accessible()


def test_on_a_phone_nothing_jumps_from_the_sending_to_the_picture(new_person: NewPerson, darkroom: Darkroom) -> None:
    person = new_person(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    person.page.add_init_script(SHIFTS)
    with darkroom.developing():
        person.open().send().reads(DEVELOPING)
    person.reads(READY).assert_revealed()
    person.settle()
    assert person.page.evaluate("shifted") <= 0.05


def test_on_a_phone_everything_that_is_pressed_is_as_large_as_a_finger(
    new_person: NewPerson, darkroom: Darkroom
) -> None:
    person = new_person(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True).open()
    assert person.page.evaluate(TARGETS) == []
    with darkroom.developing():
        person.send().reads(DEVELOPING)
        assert person.page.evaluate(TARGETS) == []
    person.reads(READY)
    assert person.page.evaluate(TARGETS) == []
    person.press("Delete my photo")
    assert person.page.evaluate(TARGETS) == []


def test_a_file_held_over_an_open_job_is_answered(person: Person) -> None:
    person.send().reads(READY)
    person.page.evaluate(
        """() => {
          const carried = new DataTransfer();
          carried.items.add(new File(["x"], "photo.jpg", { type: "image/jpeg" }));
          dispatchEvent(new DragEvent("dragover", { dataTransfer: carried, cancelable: true }));
        }"""
    )
    person.sees("Let go, and it begins")


def test_the_title_tells_how_it_goes_and_how_it_ended(person: Person, darkroom: Darkroom) -> None:
    with darkroom.developing():
        person.send().reads(DEVELOPING)
        person.wait("/^\\d+% .*Darkroom$/.test(document.title)")
    person.reads(READY)
    person.wait("document.title.startsWith('Your picture is ready')")
    person.press("New photo").reads("Put a photo in the tray")
    person.wait("document.title === 'Darkroom'")


def test_before_and_after_can_be_compared_and_the_frame_shows_what_was_made(person: Person) -> None:
    person.send().reads(READY).assert_revealed()
    person.settle()
    frame = person.page.locator(".contact-sheet img")
    expect(frame).to_be_visible()
    made = seen(person.page.locator(".tray"))
    person.press("Show your photo")
    expect(person.page.get_by_alt_text("Your photo")).to_be_visible()
    person.settle()
    assert ImageChops.difference(made, seen(person.page.locator(".tray"))).getbbox()
    person.press("Show the picture")


def test_without_javascript_it_says_what_it_is_and_how_to_go_on(new_person: NewPerson) -> None:
    person = new_person(java_script_enabled=False, viewport={"width": 360, "height": 740}).open()
    read = person.page.locator(".unscripted")
    expect(read).to_be_visible()
    assert read.locator("h1").inner_text() == "Darkroom"
    assert "use the API from a terminal" in read.inner_text()
    assert "Diese Seite braucht JavaScript" in read.locator("[lang=de]").inner_text()
    assert "JavaScript" in read.locator("[lang=ar][dir=rtl]").inner_text()
    command = read.locator("pre").bounding_box()
    assert command
    assert command["x"] + command["width"] <= 360


def test_it_can_be_installed(person: Person) -> None:
    session = person.context.new_cdp_session(person.page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert '"Darkroom"' in manifest["data"]
