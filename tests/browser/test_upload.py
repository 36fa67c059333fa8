"""A person uploads a photo and watches it, whatever happens to the tab, the network or the upload."""

from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Darkroom, NewPerson
from tests.browser.person import Person
from tests.fakes.gemini_replies import prompt_blocked, text_only
from tests.photos.variants import oriented, photo
from tests.waiting import until

READY = "Your picture is ready"
DEVELOPING = "Your picture is developing"
FAILED = "This one did not develop"
ACCEPTED = "image/jpeg,image/png,image/webp,image/heic,image/heif,image/avif,.heic,.heif,.avif"


def test_a_photo_goes_in_and_its_picture_is_revealed(person: Person, darkroom: Darkroom) -> None:
    with darkroom.developing():
        person.send().reads(DEVELOPING).sees("This takes the longest.")
    person.reads(READY).assert_revealed()

    assert person.progress == sorted(person.progress)
    assert len(person.spoken) == len(set(person.spoken))
    assert [word for word in person.spoken if word.startswith("Step 2 of 5, Generating.")]
    assert person.spoken[-1].startswith(READY)
    with person.page.expect_download() as download:
        person.press("Save the preview")
    assert download.value.path().read_bytes().startswith(b"\xff\xd8\xff")
    assert download.value.suggested_filename == "0 darkroom.jpg"


def test_a_preview_that_cannot_be_loaded_is_told_of_and_not_asked_for_on_and_on(person: Person) -> None:
    previews: list[str] = []

    def lose(route: Route) -> None:
        previews.append(route.request.url)
        route.abort()

    person.page.route("**/api/blobs/**", lose)
    person.send().reads("Your picture is made").sees("The preview could not be loaded.").assert_accessible()
    assert len(previews) <= 2


def test_a_reload_in_the_middle_goes_on(person: Person, darkroom: Darkroom) -> None:
    with darkroom.developing():
        job_id = person.send().reads(DEVELOPING).job_id
        shown = person.progress[-1]
        person.page.reload()
        person.reads(DEVELOPING)
    person.reads(READY).assert_revealed()

    assert person.job_id == job_id
    assert person.progress[0] >= shown


def test_a_page_that_was_closed_finds_its_upload_again(
    person: Person, new_person: NewPerson, darkroom: Darkroom
) -> None:
    with darkroom.developing():
        job_id = person.send().reads(DEVELOPING).job_id
        person.page.close()

    back = new_person(share=person).open("/")

    assert back.reads(READY).job_id == job_id
    back.assert_revealed()


def test_ten_seconds_without_a_network_cost_nothing(person: Person, darkroom: Darkroom) -> None:
    with darkroom.developing():
        person.send().reads(DEVELOPING)
        person.context.set_offline(offline=True)
    person.page.evaluate("window.cut = performance.now()")
    person.sees("Darkroom cannot be reached just now.").reads(DEVELOPING)

    person.wait("performance.now() - cut > 10_000")
    person.context.set_offline(offline=False)

    # Asked at once, and not after the pause that had grown meanwhile.
    person.reads(READY, seconds=6).assert_revealed()
    assert person.page.get_by_text("cannot be reached").count() == 0


def test_a_photo_chosen_without_a_network_is_sent_when_it_is_back(person: Person) -> None:
    person.context.set_offline(offline=True)
    person.send().reads("Sending your photo").sees("It is tried again in")
    person.context.set_offline(offline=False)
    person.reads(READY).assert_revealed()
    assert len(person.sessions) == 1


def test_while_a_photo_is_sent_others_can_be_looked_at_and_no_person_is_pulled_away(person: Person) -> None:
    looked_at = person.send().reads(READY).job_id
    on_its_way: list[Route] = []

    def hold(route: Route) -> None:
        on_its_way.append(route)

    person.page.route("**/api/uploads", hold)
    person.press("New photo").send().reads("Sending your photo")
    person.press("New photo").reads("Put a photo in the tray").assert_accessible()
    person.page.get_by_role("link", name="Sending").click()
    person.reads("Sending your photo")
    person.page.get_by_role("link", name="ready").click()
    person.reads(READY).assert_revealed()
    until(lambda: bool(on_its_way), "it was never sent")
    on_its_way[0].continue_()

    expect(person.page.get_by_role("link", name="ready")).to_have_count(2, timeout=30_000)
    assert person.job_id == looked_at
    assert len(person.sessions) == 2


def test_a_failure_says_why_and_a_retry_mends_it(person: Person, darkroom: Darkroom) -> None:
    darkroom.gemini.always_answer_with(text_only())
    person.send().reads(FAILED).sees("The image model answered without a picture.")

    with darkroom.developing():
        person.press("Try again").reads(DEVELOPING)
    person.reads(READY).assert_revealed()

    assert person.progress == sorted(person.progress)
    assert person.posts == ["/api/uploads", f"/api/uploads/{person.job_id}/retry"]


def test_what_the_image_model_refused_is_not_offered_to_be_tried_again(person: Person, darkroom: Darkroom) -> None:
    darkroom.gemini.always_answer_with(prompt_blocked())
    person.send().reads(FAILED).sees("The image model declined this photo.")

    assert person.pressable("Try again").count() == 0
    assert person.pressable("Choose another photo").is_visible()


def test_a_file_that_can_never_develop_offers_another_one_instead(person: Person) -> None:
    half = photo()[: len(photo()) // 2]
    person.send(half).reads(FAILED).sees("This image is incomplete or damaged.")
    assert person.pressable("Try again").count() == 0

    person.press("Choose another photo").reads("Put a photo in the tray")


def test_a_cancel_ends_it_and_can_be_taken_back(person: Person, darkroom: Darkroom) -> None:
    with darkroom.developing():
        person.send().reads(DEVELOPING)
        person.press("Cancel").reads("Cancelled").sees("It was stopped before its end.")
    assert person.page.evaluate("document.activeElement.tagName") == "H1"

    person.press("Try again").reads(READY).assert_revealed()
    upload = f"/api/uploads/{person.job_id}"
    assert person.posts == ["/api/uploads", f"{upload}/cancel", f"{upload}/retry"]


def test_two_tabs_show_the_same(person: Person, new_person: NewPerson, darkroom: Darkroom) -> None:
    darkroom.gemini.always_answer_with(text_only())
    job_id = person.send().reads(FAILED).job_id
    other = new_person(share=person).open(f"/#{job_id}").reads(FAILED)

    with darkroom.developing():
        person.press("Try again").reads(DEVELOPING)
        other.reads(DEVELOPING)

    other.reads(READY).assert_revealed()
    person.reads(READY)
    assert other.sessions == person.sessions


def test_several_uploads_join_one_session(person: Person) -> None:
    person.send(photo("coffee"), photo("cat")).reads("2 photos")
    expect(person.page.locator(".several li").filter(has_text="ready")).to_have_count(2, timeout=30_000)
    person.press("New photo").send(photo("rocket")).reads(READY)

    assert person.page.get_by_role("listitem").filter(has_text="ready").count() == 3
    assert len(person.sessions) == 3
    assert len(set(person.sessions.values())) == 1


def test_what_is_no_photo_is_said_before_anything_is_sent(person: Person) -> None:
    person.send(b"a text that calls itself a photo").sees("This file is not a JPEG, PNG, WebP, HEIC or AVIF photo.")
    assert [request.url for request in person.requests if "/api/" in request.url] == []


def test_the_size_limit_is_the_servers_own(person: Person, tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes(photo() + b"\0" * (20 * 2**20))
    person.page.locator("input[multiple]").set_input_files(large)
    person.sees("and 20 MB is the most.")
    assert [request.url for request in person.requests if "/api/" in request.url] == []


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_photo_may_be_dropped_or_pasted_anywhere(person: Person, way: str) -> None:
    person.reads("Put a photo in the tray")
    person.page.evaluate(
        """([way, bytes]) => {
          const carried = new DataTransfer();
          carried.items.add(new File([new Uint8Array(bytes)], "photo.jpg", { type: "image/jpeg" }));
          dispatchEvent(way === "drop"
            ? new DragEvent("drop", { dataTransfer: carried, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: carried }));
        }""",
        [way, list(photo())],
    )
    person.reads(READY).assert_revealed()


def test_a_phone_may_take_the_photo(new_person: NewPerson) -> None:
    """As far as a desk's Chromium knows cameras: it opens its chooser where a phone's opens the camera."""
    phone = new_person(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True).open()
    # The first listener makes Playwright intercept choosers, some time later: a tap is quicker than that.
    phone.page.on("filechooser", lambda _: None)
    phone.reads("Put a photo in the tray")
    with phone.page.expect_file_chooser() as chooser:
        phone.press("Take a photo")
    camera = chooser.value.element
    assert [camera.get_attribute(name) for name in ("capture", "accept")] == ["environment", ACCEPTED]
    assert not chooser.value.is_multiple()

    chooser.value.set_files({"name": "taken.jpg", "mimeType": "image/jpeg", "buffer": oriented(6)})
    phone.reads(READY).assert_revealed()


def test_the_upload_of_another_browser_is_not_shown(person: Person, new_person: NewPerson) -> None:
    job_id = person.send().reads(READY).job_id
    new_person().open(f"/#{job_id}").reads("There is no such upload here")


def test_an_upload_that_is_gone_is_told_of_once_and_not_at_every_visit(person: Person, new_person: NewPerson) -> None:
    person.send().reads(READY)
    person.page.evaluate(
        """() => {
          const gone = crypto.randomUUID();
          const [upload] = JSON.parse(localStorage["darkroom.uploads"]);
          localStorage["darkroom.session." + gone] = localStorage["darkroom.session." + upload.jobId];
          localStorage["darkroom.uploads"] = JSON.stringify([{ ...upload, jobId: gone, ending: undefined }, upload]);
        }"""
    )
    new_person(share=person).open("/").reads("There is no such upload here")

    again = new_person(share=person).open("/").reads("Put a photo in the tray")

    again.sees("gone").assert_accessible()
    assert [request.url for request in again.requests if "/api/" in request.url] == []
