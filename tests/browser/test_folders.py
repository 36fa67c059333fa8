"""Folders that are dropped on the page or pasted into it: their photos are taken, however deep they lie."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Darkroom
from tests.browser.person import Person
from tests.photos.variants import photo

PASTED = """
addEventListener("drop", (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  dispatchEvent(new ClipboardEvent("paste", { clipboardData: event.dataTransfer }));
}, { capture: true });
"""
"""Pastes what is dropped: no clipboard without a window holds files, and these are real ones of the system."""


@pytest.fixture
def holiday(tmp_path: Path) -> Path:
    """A folder as systems keep it: photos, one of them in a folder of its own, and other files."""
    folder = tmp_path / "holiday"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "one.jpg").write_bytes(photo())
    (folder / "deep" / "deeper" / "two.JPG").write_bytes(photo("cat"))
    (folder / "notes.txt").write_text("no photo")
    (folder / ".DS_Store").write_bytes(b"\x00")
    return folder


def let_go(person: Person, *paths: Path) -> None:
    """Drop files of the system on the page, as a person does with a mouse once it is there."""
    person.reads("Put a photo in the tray")
    session = person.context.new_cdp_session(person.page)
    data: dict[str, Any] = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 200, "y": 200, "data": data})


@pytest.mark.parametrize("script", ["", PASTED], ids=["dropped", "pasted"])
def test_the_photos_of_a_folder_are_taken_and_nothing_else_of_it(
    person: Person, darkroom: Darkroom, holiday: Path, script: str
) -> None:
    if script:
        person.page.evaluate(script)
    with darkroom.developing():
        let_go(person, holiday)
        person.reads("2 photos")
        expect(person.page.locator(".several li")).to_have_count(2)
        expect(person.page.locator(".several")).to_contain_text("one.jpg")
        expect(person.page.locator(".several")).to_contain_text("two.JPG")
        assert person.page.get_by_text("notes.txt").count() == 0
    person.wait("document.title.startsWith('2 of 2')")


def test_a_folder_without_a_photo_says_so(person: Person, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no photo")
    let_go(person, tmp_path)
    person.sees("There is no photo in this folder").assert_accessible()
