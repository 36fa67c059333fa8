"""The page tells the truth: "ready" only with a visible picture, the true progress, and no outdated message."""

import json
from typing import Final

import httpx
from playwright.sync_api import Route, expect

from tests.browser.conftest import Darkroom
from tests.browser.person import Person
from tests.waiting import until

READY: Final = "Your picture is ready"
DEVELOPING: Final = "Your picture is developing"
PAINTED: Final = """() => {
  const bar = document.querySelector('[aria-label="Progress"]');
  const painted = bar.firstElementChild.getBoundingClientRect().width / bar.getBoundingClientRect().width;
  return [painted * 100, Number(bar.getAttribute("aria-valuenow"))];
}"""


def test_a_picture_is_ready_once_it_can_be_seen_and_can_be_asked_for_now(person: Person) -> None:
    person.page.route("**/api/blobs/**", lambda route: route.abort())
    person.send().reads("Your picture is made").sees("We are fetching its preview.").sees("The preview could not be")
    assert not [sentence for sentence in person.spoken if "is ready" in sentence]
    assert person.pressable("Save the preview").count() == 0

    person.page.unroute("**/api/blobs/**")
    person.press("Try now").reads(READY).assert_revealed()
    assert person.spoken[-1].startswith(READY)


def test_the_bar_that_is_painted_is_where_the_upload_is(person: Person, darkroom: Darkroom) -> None:
    with darkroom.developing():
        person.send().reads(DEVELOPING)
        person.page.route("**/api/status/**", lambda route: route.abort())  # from here on the value stays
        person.sees("Darkroom cannot be reached just now.").settle()
        painted, told = person.page.evaluate(PAINTED)
        assert abs(painted - told) <= 1
        bar = person.page.locator('[aria-label="Progress"] > div')
        seconds = float(bar.evaluate("bar => getComputedStyle(bar).transitionDuration").removesuffix("s"))
        assert seconds <= 0.25


def test_a_stage_and_a_status_of_a_newer_server_are_shown_as_they_are(person: Person, darkroom: Darkroom) -> None:
    def newer(route: Route) -> None:
        answer = route.fetch(headers={**route.request.headers, "if-none-match": "", "prefer": ""})
        body = {**answer.json(), "stage": "colouring", "progress": 85, "version": 50}
        route.fulfill(response=answer, body=json.dumps(body))

    with darkroom.developing():
        person.send().reads(DEVELOPING)
        person.page.route("**/api/status/**", newer)
        current = person.page.locator(".stages [aria-current]")
        expect(current).to_have_text("colouring", timeout=30_000)
        assert person.page.get_by_text("undefined").count() == 0
        assert person.progress[-1] == 85
        person.assert_accessible()
        person.page.unroute_all()


def test_an_open_page_does_not_go_on_to_show_what_was_erased(person: Person, darkroom: Darkroom) -> None:
    job_id = person.send().reads(READY).job_id
    api = darkroom.service.url
    with httpx.Client(headers={"X-Session-Token": person.sessions[job_id]}, trust_env=False) as client:
        client.delete(f"{api}/api/uploads/{job_id}").raise_for_status()
        until(lambda: client.get(f"{api}/api/status/{job_id}").is_client_error, "it is still there")

    person.page.evaluate("dispatchEvent(new Event('visibilitychange'))")  # the person looks at it again

    person.reads("There is no such upload here").sees("gone")
    assert person.page.get_by_alt_text("What Darkroom made").count() == 0


def test_what_was_cancelled_is_called_so_in_the_list(person: Person, darkroom: Darkroom) -> None:
    with darkroom.developing():
        person.send().reads(DEVELOPING).press("Cancel").reads("Cancelled")
    expect(person.page.locator(".contact-sheet .state")).to_have_text("cancelled")


def test_a_complaint_goes_when_it_is_over(person: Person, darkroom: Darkroom) -> None:
    complaint = person.page.locator(".card .problem")
    with darkroom.developing():
        person.send().reads(DEVELOPING)
        person.page.route("**/cancel", lambda route: route.abort())
        person.press("Cancel")
        expect(complaint).to_have_text("Darkroom cannot be reached just now.")
    person.reads(READY)
    expect(complaint).to_have_count(0)


def test_a_server_that_asks_for_a_minute_is_given_one_that_is_counted_down(person: Person, darkroom: Darkroom) -> None:
    def busy(route: Route) -> None:
        body = '{"success": false, "error": {"code": "UNAVAILABLE", "message": "Too busy."}}'
        route.fulfill(status=503, headers={"Retry-After": "60", "Content-Type": "application/json"}, body=body)

    with darkroom.developing():
        person.send().reads(DEVELOPING)
        person.page.route("**/api/status/**", busy)
        person.sees("Too busy. Your upload goes on without this page.").sees("It is tried again in 5")
    person.page.unroute("**/api/status/**")
    person.press("Try now").reads(READY)
    assert person.page.get_by_text("Too busy.").count() == 0
