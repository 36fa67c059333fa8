"""Photos that are not sent yet, whatever becomes of them: in the browser's database, on the disk, in other tabs."""

from pathlib import Path
from typing import Final

from playwright.sync_api import Route, expect

from tests.browser.conftest import NewPerson
from tests.browser.person import Person
from tests.photos.variants import photo

READY: Final = "Your picture is ready"
OFFERED: Final = "before this page was closed"
NEWER: Final = """new Promise((resolve, reject) => {
  const request = indexedDB.open("darkroom", 7);
  request.onupgradeneeded = () => {
    const photos = request.result.createObjectStore("photos");
    photos.put(null, "nothing");
    photos.put({ key: "half", tab: "gone" }, "half");
  };
  request.onsuccess = () => { request.result.close(); resolve(); };
  request.onerror = reject;
})"""
"""A database of another version, with photos that this one cannot read, and without the other store."""
DELETED: Final = """new Promise((resolve) => {
  indexedDB.deleteDatabase("darkroom").onsuccess = resolve;
})"""
REFUSED: Final = """
Object.defineProperty(window, "indexedDB", { get() { throw new DOMException("closed", "SecurityError"); } });
"""


def refused_in_between(person: Person) -> None:
    """A photo was chosen, and a firewall does not let it through."""
    person.page.on("dialog", lambda dialog: dialog.accept())
    person.page.route("**/api/uploads", lambda route: route.fulfill(status=403, body="no"))
    person.send().reads("Not sent yet")


def test_a_database_of_another_version_is_good_enough(new_person: NewPerson) -> None:
    person = new_person().open("/robots.txt")
    person.page.evaluate(NEWER)
    refused_in_between(person.open())
    person.page.reload()
    person.sees(f"One photo was not sent {OFFERED}").sees("0.jpg")


def test_what_the_browser_deletes_meanwhile_is_kept_again(person: Person) -> None:
    refused_in_between(person)
    person.page.evaluate(DELETED)
    person.press("Send again").sees("kept here: send it again later")
    person.page.reload()
    person.sees(f"One photo was not sent {OFFERED}")


def test_a_photo_that_cannot_be_kept_is_not_said_to_be(new_person: NewPerson) -> None:
    person = new_person()
    person.page.add_init_script(REFUSED)
    refused_in_between(person.open())
    person.sees("kept here for as long as this page is open")
    person.page.unroute("**/api/uploads")
    person.press("Send again").reads(READY)


def test_of_two_tabs_that_offer_a_photo_one_sends_it(person: Person, new_person: NewPerson) -> None:
    refused_in_between(person)
    person.page.reload()
    person.sees(OFFERED)
    other = new_person(share=person).open("/").sees(OFFERED)

    person.page.unroute("**/api/uploads")
    person.press("Send it").reads(READY)

    expect(other.page.get_by_text(OFFERED)).to_have_count(0)
    assert len(person.sessions) == 1


def test_a_file_that_was_changed_on_the_disk_is_said_to_be_unreadable(person: Person, tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(photo())

    def change(route: Route) -> None:
        file.write_bytes(photo("cat"))
        route.fulfill(status=503, body="later")

    person.page.route("**/api/uploads", change)
    person.page.locator("input[multiple]").set_input_files(file)
    person.sees("This file cannot be read.").reads("Put a photo in the tray")
