"""Photos on their way: what was chosen is not lost to a closed page or to a proxy, and several are seen together."""

import re
from threading import Event
from typing import Final

import pytest
from playwright.sync_api import Dialog, Route, expect

from tests.browser.conftest import Darkroom, NewPerson
from tests.browser.person import Person
from tests.fakes.gemini_replies import picture, text_only, when
from tests.photos.variants import photo, twelve_megapixels

READY: Final = "Your picture is ready"


def test_leaving_while_photos_are_sent_is_asked_about_and_they_are_offered_after_it(
    person: Person, new_person: NewPerson
) -> None:
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    person.page.on("dialog", leave)
    with person.slow_upload():
        person.send(twelve_megapixels(), photo()).reads("2 photos")
        person.page.get_by_text(re.compile("Sending [1-9]")).first.wait_for()
        other = new_person(share=person).open("/").reads("Put a photo in the tray")
        assert other.page.get_by_text("before this page was closed").count() == 0  # they are the first tab's
        person.page.reload()
    assert asked == ["beforeunload"]

    person.sees("2 photos were not sent before this page was closed.").sees("0.jpg").assert_accessible()
    person.press("Send them").reads("2 photos")
    expect(person.page.locator(".several li").filter(has_text="ready")).to_have_count(2, timeout=60_000)
    assert person.page.evaluate("dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    person.page.reload()
    person.reads("2 photos")
    assert person.page.get_by_text("before this page was closed").count() == 0
    assert len(person.sessions) == 2


def test_what_was_left_can_be_discarded(person: Person) -> None:
    person.page.on("dialog", lambda dialog: dialog.accept())
    with person.slow_upload():
        person.send(twelve_megapixels()).reads("Sending your photo")
        person.page.reload()
    person.press("Discard it").reads("Put a photo in the tray")
    person.page.reload()
    person.reads("Put a photo in the tray")
    assert person.page.get_by_text("before this page was closed").count() == 0


@pytest.mark.parametrize("status", [403, 413])
def test_a_proxys_refusal_keeps_the_photo_and_says_the_status_and_what_to_do(person: Person, status: int) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=status, content_type="text/html", body="<h1>No</h1>")

    person.page.route("**/api/uploads", refuse)
    person.send().reads("Not sent yet").sees(f"with status {status}.").sees("kept here").assert_accessible()

    person.page.unroute("**/api/uploads")
    person.press("Send again").reads(READY).assert_revealed()
    assert len(person.sessions) == 1


def test_several_photos_have_a_view_of_their_own_that_a_reload_keeps(person: Person, darkroom: Darkroom) -> None:
    told = Event()
    darkroom.gemini.always_answer_with(when(told, text_only()))
    person.send(photo(), b"a text", photo("cat")).reads("3 photos").sees("2 of 3 were taken.")
    rows = person.page.locator(".several li")
    expect(rows.filter(has_text="This file is not a JPEG")).to_have_count(1)
    expect(rows.filter(has_text="developing")).to_have_count(2, timeout=30_000)
    person.assert_accessible()

    told.set()
    expect(rows.filter(has_text="without a picture")).to_have_count(2, timeout=30_000)
    person.page.reload()
    person.reads("2 photos")
    darkroom.gemini.always_answer_with(picture())
    person.press("Try all 2 again")
    expect(rows.filter(has_text="ready")).to_have_count(2, timeout=30_000)

    saved: list[str] = []
    person.page.on("download", lambda download: saved.append(download.suggested_filename))
    person.press("Save all 2 previews")
    person.wait("true")
    while len(saved) < 2:
        person.page.wait_for_timeout(100)
    assert sorted(saved) == ["0 darkroom.jpg", "2 darkroom.jpg"]
    person.page.get_by_role("link", name="0.jpg").first.click()
    person.reads(READY).assert_revealed()


def test_the_frames_of_several_photos_show_what_was_made_of_each(person: Person) -> None:
    person.send(photo(), photo("cat")).reads("2 photos")
    expect(person.page.locator(".several li").filter(has_text="ready")).to_have_count(2, timeout=30_000)
    person.wait("JSON.parse(localStorage['darkroom.uploads']).every(({ made }) => made)")

    shown = "[...document.querySelectorAll('.contact-sheet img')].map(({ src }) => src)"
    person.wait(f"JSON.parse(localStorage['darkroom.uploads']).every(({{ made }}, at) => {shown}[at] === made)")


def test_several_photos_can_be_stopped_together(person: Person, darkroom: Darkroom) -> None:
    rows = person.page.locator(".several li")
    with darkroom.developing():
        person.send(photo(), photo("cat")).reads("2 photos")
        expect(rows.filter(has_text="developing")).to_have_count(2, timeout=30_000)
        person.press("Stop all 2")
        expect(rows.filter(has_text="It was stopped before its end.")).to_have_count(2)
