"""A person's photos are never lost: not to a full list, to a tap, to a proxy, to a damaged or a closed storage."""

from typing import Final

import httpx
from playwright.sync_api import Route, expect

from tests.browser.conftest import Darkroom, NewPerson
from tests.browser.person import Person
from tests.photos.variants import photo

READY: Final = "Your picture is ready"
DEVELOPING: Final = "Your picture is developing"
START: Final = "Put a photo in the tray"
FULL: Final = """
const really = Storage.prototype.setItem;
Storage.prototype.setItem = function (key, value) {
  if (value.length > 100) throw new DOMException("full", "QuotaExceededError");
  really.call(this, key, value);
};
"""
FORBIDDEN: Final = """
Object.defineProperty(window, "localStorage", { get() { throw new DOMException("closed", "SecurityError"); } });
"""


def test_fifteen_photos_at_once_are_all_listed_and_each_keeps_its_session(person: Person, darkroom: Darkroom) -> None:
    frames = person.page.locator(".contact-sheet li")
    with darkroom.developing():
        person.send(*[photo()] * 15)
        expect(frames).to_have_count(15, timeout=60_000)
        expect(person.page.get_by_text("Sending")).to_have_count(0, timeout=60_000)

    assert len(person.sessions) == 15
    names = [link.text_content() for link in person.page.locator(".contact-sheet a").all()]
    assert len(set(names)) == 15
    person.page.reload()
    expect(frames.filter(has_text="ready")).to_have_count(15, timeout=90_000)


def test_hiding_keeps_the_session_and_can_be_undone_also_by_keyboard_and_later(person: Person) -> None:
    job_id = person.send().reads(READY).job_id
    frames = person.page.locator(".contact-sheet li")
    person.page.get_by_role("button", name="Hide from this list").click()
    expect(frames).to_have_count(0)
    person.sees("The photo itself was not deleted.").reads(READY)
    assert list(person.sessions) == [job_id]

    expect(person.pressable("Undo")).to_be_focused()
    person.page.keyboard.press("Enter")
    expect(frames).to_have_count(1)

    person.page.get_by_role("button", name="Hide from this list").click()
    person.page.reload()
    person.press("Show the hidden upload")
    expect(frames).to_have_count(1)
    person.assert_accessible()


def test_deleting_asks_first_and_erases_on_the_server(person: Person, darkroom: Darkroom) -> None:
    job_id = person.send().reads(READY).job_id
    token = person.sessions[job_id]
    person.press("Delete my photo").sees("This cannot be undone.").assert_accessible()
    person.press("Keep it").reads(READY).assert_revealed()
    expect(person.pressable("Delete my photo")).to_be_focused()

    person.press("Delete my photo").press("Delete for good").reads("Your photo is deleted").assert_accessible()

    assert person.sessions == {}
    expect(person.page.locator(".contact-sheet")).to_have_count(0)
    url = f"{darkroom.service.url}/api/status/{job_id}"
    assert httpx.get(url, headers={"X-Session-Token": token}, trust_env=False).status_code == 404


def test_a_photo_can_be_deleted_while_it_develops(person: Person, darkroom: Darkroom) -> None:
    with darkroom.developing():
        person.send().reads(DEVELOPING)
        person.press("Delete my photo").press("Delete for good").reads("Your photo is deleted")


def test_a_deletion_that_fails_is_not_said_to_be_done(person: Person) -> None:
    job_id = person.send().reads(READY).job_id
    person.page.route("**/api/uploads/*", lambda route: route.abort())
    person.press("Delete my photo").press("Delete for good").sees("Your photo may still be there.")
    assert list(person.sessions) == [job_id]

    person.page.unroute("**/api/uploads/*")
    person.press("Delete for good").reads("Your photo is deleted")


def test_what_is_deleted_in_one_tab_is_no_longer_shown_in_another(person: Person, new_person: NewPerson) -> None:
    job_id = person.send().reads(READY).job_id
    other = new_person(share=person).open(f"/#{job_id}").reads(READY)
    person.press("Delete my photo").press("Delete for good").reads("Your photo is deleted")
    other.reads("There is no such upload here")


def test_the_404_of_a_proxy_is_a_trouble_that_passes(person: Person, darkroom: Darkroom) -> None:
    def deploy(route: Route) -> None:
        route.fulfill(status=404, content_type="text/html", body="<h1>404 Not Found</h1>")

    with darkroom.developing():
        person.send().reads(DEVELOPING)
        person.page.route("**/api/status/**", deploy)
        person.sees("answered in its place, with status 404").reads(DEVELOPING)
    person.page.unroute("**/api/status/**")
    person.reads(READY).assert_revealed()


def test_a_damaged_list_loses_what_is_damaged_and_no_more(person: Person, new_person: NewPerson) -> None:
    person.send().reads(READY)
    person.page.evaluate(
        """() => {
          const list = JSON.parse(localStorage["darkroom.uploads"]);
          localStorage["darkroom.uploads"] = JSON.stringify([null, 7, { jobId: 1 }, ...list, { jobId: "x" }]);
        }"""
    )
    back = new_person(share=person).open("/").reads(START)
    expect(back.page.locator(".contact-sheet li")).to_have_count(1)


def test_a_browser_that_cannot_tell_other_tabs_is_good_enough(new_person: NewPerson) -> None:
    person = new_person()
    person.page.add_init_script("delete window.BroadcastChannel")
    person.open().send().reads(READY).assert_revealed()


def test_a_fault_of_the_page_leaves_a_way_on(new_person: NewPerson) -> None:
    person = new_person()
    person.page.add_init_script("Intl.DateTimeFormat = Date.prototype.toLocaleTimeString = () => { throw Error('x') }")
    person.open().send().reads("This page has met a fault").assert_accessible()
    person.press("Start with an empty list").reads(START)
    assert len(person.sessions) == 1
    person.faults.clear()


def test_a_full_storage_is_said_at_once(new_person: NewPerson) -> None:
    person = new_person()
    person.page.add_init_script(FULL)
    person.open().reads(START).sees("The storage of this browser is full").assert_accessible()
    person.send().reads(READY).assert_revealed()
    assert person.page.get_by_text("are kept in this browser").count() == 0


def test_a_forbidden_storage_is_said_at_once_and_the_page_works_while_it_is_open(new_person: NewPerson) -> None:
    person = new_person()
    person.page.add_init_script(FORBIDDEN)
    person.open().reads(START).sees("Keep this page open until you have saved your pictures.")
    person.send().reads(READY).assert_revealed()
