"""The console in a real browser, as staff use it: signing in, finding, reading, helping; and what a viewer may not."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.agent import CONSOLE, Agent, link_of
from tests.browser.conftest import Darkroom, NewAgent, NewPerson, failed, submitted
from tests.fakes.gemini_replies import status

REASON = "The owner wrote that it is stuck, ticket 4711."


def test_a_stuck_upload_is_found_by_half_its_id_read_retried_and_watched_to_its_end(
    new_agent: NewAgent, darkroom: Darkroom
) -> None:
    job = failed(darkroom)
    agent = new_agent().sign_in()
    page = agent.page

    agent.search(job.id[:18].upper())
    expect(agent.row(job.id)).to_be_visible()
    assert page.url.endswith(f"{CONSOLE}?jobId={job.id[:18]}")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("j")
    expect(agent.row(job.id)).to_be_focused()
    page.keyboard.press("Enter")

    agent.opens(job.id)
    expect(page.get_by_role("heading", name="Why it failed")).to_be_visible()
    expect(page.get_by_text("The image model answered without a picture. Please try again.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Waits for a worker"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Failed at generating, no picture in the answer"))).to_be_visible()

    with darkroom.developing():
        agent.act("Retry", REASON)
        expect(page.get_by_text("Done. ")).to_be_visible()
        expect(page.locator(".next")).to_contain_text("attempt 2 begins at the stage generating")
        expect(page.locator(".standing .status")).to_have_text("in progress")
    expect(page.locator(".standing .status")).to_have_text("completed", timeout=30_000)
    expect(page.get_by_text("Its picture is complete")).to_be_visible()
    expect(page.locator("tr", has_text="Retried")).to_contain_text(REASON)


def test_a_viewer_reads_is_offered_no_action_and_is_refused_by_the_server(
    new_agent: NewAgent, darkroom: Darkroom
) -> None:
    job = failed(darkroom)
    viewer = new_agent("viewer").sign_in(f"{CONSOLE}/uploads/{job.id}").opens(job.id)
    page = viewer.page

    expect(page.get_by_text("retry and note take an agent, erase takes an admin.")).to_be_visible()
    assert page.get_by_role("button", name=re.compile("Retry|Cancel|Requeue|Erase")).count() == 0

    refused = page.evaluate(
        """async ([job, reason]) => {
          const { csrfToken } = await (await fetch("/api/support/session")).json();
          const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrfToken };
          const request = { method: "POST", headers, body: JSON.stringify({ reason }) };
          const answer = await fetch(`/api/support/uploads/${job}/retry`, request);
          return [answer.status, (await answer.json()).error.message];
        }""",
        [job.id, REASON],
    )
    assert refused[0] == 403
    assert "this takes an agent" in refused[1]


def test_an_action_without_the_csrf_token_is_refused(new_agent: NewAgent, darkroom: Darkroom) -> None:
    job = failed(darkroom)
    agent = new_agent("admin").sign_in()
    status_code = agent.page.evaluate(
        """async ([job, reason]) => {
          const headers = { "Content-Type": "application/json" };
          const request = { method: "POST", headers, body: JSON.stringify({ reason }) };
          return (await fetch(`/api/support/uploads/${job}/erase`, request)).status;
        }""",
        [job.id, REASON],
    )
    assert status_code == 403


def test_the_link_of_the_start_signs_a_local_admin_in_once(new_person: NewPerson, darkroom: Darkroom) -> None:
    link = link_of(darkroom.service)
    address = link.removeprefix(darkroom.service.url)
    first = new_person().open(address).sees("local-admin, admin")
    assert first.page.url == f"{darkroom.service.url}{CONSOLE}"
    assert first.page.evaluate("document.cookie") == ""

    second = new_person().open(address).sees("this link was used before, or is over")
    expect(second.page.get_by_label("Your token")).to_be_visible()


def test_signing_out_ends_it_and_back_shows_nothing(new_agent: NewAgent, darkroom: Darkroom) -> None:
    job = failed(darkroom)
    agent = new_agent().sign_in(f"{CONSOLE}/uploads/{job.id}").opens(job.id)
    agent.page.get_by_role("button", name="Sign out").click()
    expect(agent.page.get_by_label("Your token")).to_be_visible()

    agent.page.reload()
    expect(agent.page.get_by_label("Your token")).to_be_visible()
    assert agent.page.get_by_text(job.id).count() == 0


def test_a_wrong_token_is_told_of(new_person: NewPerson) -> None:
    stranger = Agent(new_person(), "dks_" + "x" * 43)
    stranger.person.open(CONSOLE)
    stranger.page.get_by_label("Your token").fill("dks_" + "x" * 43)
    stranger.page.keyboard.press("Enter")
    stranger.person.sees("this token was given to no staff member").assert_accessible()


def test_what_waits_is_requeued_and_a_search_can_be_shared(new_agent: NewAgent, darkroom: Darkroom) -> None:
    darkroom.gemini.answer_with(status(503, retry_after="600"))
    job = submitted(darkroom, "processing")
    agent = new_agent().sign_in(f"{CONSOLE}?status=processing&minAttempt=1")
    agent.row(job.id).click()
    agent.opens(job.id)
    expect(agent.page.get_by_text("A requeue lets it begin now.")).to_be_visible(timeout=30_000)

    agent.act("Requeue", REASON)
    expect(agent.page.locator(".next")).to_contain_text("Done.")
    expect(agent.page.locator(".standing .status")).to_have_text("completed", timeout=30_000)
    agent.page.keyboard.press("u")
    agent.page.wait_for_url("**/support?status=processing&minAttempt=1")


def test_the_slider_shows_it_as_it_was(new_agent: NewAgent, darkroom: Darkroom) -> None:
    job = failed(darkroom)
    agent = new_agent().sign_in(f"{CONSOLE}/uploads/{job.id}").opens(job.id)
    page = agent.page
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^event 1 of 5: submitted"))
    expect(page.get_by_text("Pending, 0 %.")).to_be_visible()
    assert page.url.endswith("?version=1")

    page.locator("h1").click()
    page.keyboard.press("]")
    page.wait_for_url("**?version=2")
    expect(page.get_by_role("row", name=re.compile("^attempt 0 1"))).to_be_visible()
    expect(page.get_by_role("row", name="a worker runs it no yes")).to_be_visible()


@pytest.mark.parametrize("color_scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [360, 1440])
def test_every_room_is_accessible_and_fits(
    new_agent: NewAgent, darkroom: Darkroom, color_scheme: str, width: int
) -> None:
    phone = width == 360
    job = failed(darkroom)
    agent = new_agent(
        "admin",
        color_scheme=color_scheme,
        viewport={"width": width, "height": 740},
        has_touch=phone,
        is_mobile=phone,
    )
    agent.person.open(CONSOLE).sees("Your token").assert_accessible()
    agent.sign_in()
    expect(agent.row(job.id)).to_be_visible()
    agent.page.get_by_text("More filters").click()
    agent.person.assert_accessible()
    agent.person.open(f"{CONSOLE}?jobId=ffffffff").sees("No upload fits").assert_accessible()
    agent.person.open(f"{CONSOLE}/uploads/{job.id}?version=3")
    agent.opens(job.id).person.sees("What this event changed").assert_accessible()
    agent.page.get_by_role("button", name="Erase…").click()
    agent.person.assert_accessible()
    agent.page.keyboard.press("Escape")
    expect(agent.page.get_by_role("button", name="Erase…")).to_be_focused()
    agent.person.open(f"{CONSOLE}/uploads/{uuid4()}").sees("in the log").assert_accessible()
    agent.person.open(f"{CONSOLE}/nowhere").sees("There is nothing at this address").assert_accessible()
