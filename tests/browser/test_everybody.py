"""The page is for everybody: every state of it, dark and light, on a phone and on a wide screen, by keyboard alone."""

import re
from threading import Event

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Darkroom, NewPerson
from tests.browser.person import Person
from tests.fakes.gemini_replies import picture, prompt_blocked, when
from tests.photos.variants import photo, twelve_megapixels

FIRST_LOAD_BYTES = 150_000


@pytest.mark.parametrize("color_scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [360, 1440])
def test_every_state_is_accessible_and_fits(
    new_person: NewPerson, darkroom: Darkroom, color_scheme: str, width: int
) -> None:
    phone = width == 360
    viewport = {"width": width, "height": 740}
    person = new_person(color_scheme=color_scheme, viewport=viewport, has_touch=phone, is_mobile=phone).open()
    person.reads("Put a photo in the tray").assert_accessible()
    assert person.page.get_by_text("Take a photo").is_visible() == phone
    person.send(b"no photo").sees("This file is not").assert_accessible()

    told = Event()
    darkroom.gemini.always_answer_with(when(told, picture()))
    with person.slow_upload():
        person.send(twelve_megapixels()).reads("Sending your photo")
        person.wait("document.querySelector('[role=progressbar]').ariaValueNow > 5")
        person.assert_accessible()
    person.reads("Your picture is developing").assert_accessible()
    person.context.set_offline(offline=True)
    person.sees("cannot be reached").assert_accessible()
    told.set()
    person.context.set_offline(offline=False)
    person.reads("Your picture is ready").assert_revealed()
    person.assert_accessible()

    darkroom.gemini.always_answer_with(prompt_blocked())
    person.press("New photo").send().reads("This one did not develop").assert_accessible()
    person.open("/#unknown").page.reload()
    person.reads("There is no such upload here").assert_accessible()


def test_the_keyboard_is_enough(person: Person, darkroom: Darkroom) -> None:
    # The first listener makes Playwright intercept choosers, some time later: a key is quicker than that.
    person.page.on("filechooser", lambda _: None)
    person.reads("Put a photo in the tray")
    keyboard = person.page.keyboard
    keyboard.press("Tab")
    keyboard.press("Tab")
    expect(person.pressable("Choose a photo")).to_be_focused()
    with person.page.expect_file_chooser() as chooser:
        keyboard.press("Enter")
    with darkroom.developing():
        chooser.value.set_files("tests/photos/cat.jpg")
        person.reads("Your picture is developing")
        expect(person.page.get_by_role("heading", level=1)).to_be_focused()
        keyboard.press("Tab")
        expect(person.pressable("Cancel")).to_be_focused()
        keyboard.press("Enter")
        person.reads("Cancelled")
        expect(person.page.get_by_role("heading", level=1)).to_be_focused()


def test_a_button_that_goes_with_what_it_did_leaves_the_focus_on_the_page(person: Person, darkroom: Darkroom) -> None:
    heading = person.page.get_by_role("heading", level=1)
    with darkroom.developing():
        person.send(photo(), photo("cat"), b"no photo").reads("3 photos")
        stop = person.pressable("Stop: 0.jpg")
        person.sees("developing")
        stop.focus()
        person.page.keyboard.press("Enter")
        expect(stop).to_have_count(0)
        expect(heading).to_be_focused()
    person.press("New photo").send(b"no photo")
    person.pressable("Close").focus()
    person.page.keyboard.press("Enter")
    expect(heading).to_be_focused()


def test_a_person_who_wants_stillness_gets_it(new_person: NewPerson, darkroom: Darkroom) -> None:
    with darkroom.developing():
        person = new_person(reduced_motion="reduce").open().send().reads("Your picture is developing")
        assert person.page.evaluate("document.getAnimations().length") == 0
    person.reads("Your picture is ready").assert_revealed()
    assert person.page.evaluate("document.getAnimations().length") == 0


def test_the_first_load_is_small_and_comes_from_one_place(person: Person) -> None:
    network = person.context.new_cdp_session(person.page)
    network.send("Network.enable")
    received: list[float] = []
    network.on("Network.loadingFinished", lambda finished: received.append(finished["encodedDataLength"]))
    person.page.reload(wait_until="networkidle")

    assert len(received) >= 3
    assert sum(received) < FIRST_LOAD_BYTES
    assert {re.sub(r"(//[^/]+).*", r"\1", request.url) for request in person.requests} == {person.url}
