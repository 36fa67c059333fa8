"""The console, for more than one upload and more than one person: groups of failures, bulk actions, notes."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.agent import CONSOLE
from tests.browser.conftest import Darkroom, NewAgent, failed, started, submitted
from tests.fakes.gemini_replies import picture

REASON = "The image model was away at nine, ticket 4711."


@pytest.fixture(scope="module")
def running_darkroom() -> Iterator[Darkroom]:
    """A service of its own: it begins empty, and no other test's failures are in its groups."""
    with started() as darkroom:
        yield darkroom


@pytest.mark.parametrize("color_scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [360, 1440])
def test_an_empty_system_says_what_one_will_see(new_agent: NewAgent, color_scheme: str, width: int) -> None:
    phone = width == 360
    viewport = {"width": width, "height": 740}
    agent = new_agent(color_scheme=color_scheme, viewport=viewport, has_touch=phone, is_mobile=phone).sign_in()
    agent.person.sees("There are no uploads yet").assert_accessible()
    agent.page.get_by_role("link", name="Failures").click()
    agent.person.sees("Nothing has failed yet").assert_accessible()
    agent.page.get_by_role("link", name="Bulk").click()
    agent.person.sees("No bulk action yet").assert_accessible()


def test_a_group_of_failures_is_retried_as_a_whole_and_resolved(new_agent: NewAgent, darkroom: Darkroom) -> None:
    jobs = [failed(darkroom) for _ in range(3)]
    agent = new_agent().sign_in(f"{CONSOLE}/failures")
    page = agent.page
    group = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=re.compile("No picture")))
    expect(group).to_contain_text("3 uploads, 3 sessions", timeout=30_000)
    agent.person.assert_accessible()

    darkroom.gemini.always_answer_with(picture())
    group.get_by_role("button", name="Help all…").click()
    dialog = page.get_by_role("dialog", name="Help all of these")
    dialog.get_by_label("Why").fill(REASON)
    agent.person.assert_accessible()
    dialog.get_by_role("button", name="Dry run").click()

    agent.person.sees("Nothing has changed yet. The search found 3").assert_accessible()
    for job in jobs:
        expect(page.get_by_role("link", name=job.id)).to_be_visible()
    page.get_by_role("button", name="Retry 3 uploads").click()
    agent.person.sees("Below is what became of each upload.").sees("3 done").assert_accessible()

    page.get_by_role("link", name=jobs[0].id).click()
    agent.opens(jobs[0].id)
    expect(page.locator(".standing .status")).to_have_text("completed", timeout=30_000)
    expect(page.locator("tr", has_text="Retried")).to_contain_text(REASON)

    page.get_by_role("link", name="Failures").click()
    group.get_by_role("button", name="Resolve…").click()
    page.get_by_role("dialog").get_by_label("Why").fill(REASON)
    page.get_by_role("dialog").get_by_role("button", name="Resolve").click()
    expect(group).to_have_count(0)
    page.get_by_role("link", name=re.compile("^Resolved")).click()
    expect(group).to_contain_text(f"Resolved by {agent.name}")
    agent.person.assert_accessible()

    page.get_by_role("link", name="Audit").click()
    for done in ("resolved failures", "started a bulk action", "planned a bulk action", "signed in"):
        row = page.get_by_role("row").filter(has_text=agent.name).filter(has_text=done).first
        expect(row).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="retried").filter(has_text=REASON)).to_have_count(3)
    agent.person.assert_accessible()


def test_a_viewer_sees_groups_and_is_offered_nothing(new_agent: NewAgent, darkroom: Darkroom) -> None:
    failed(darkroom)
    viewer = new_agent("viewer").sign_in(f"{CONSOLE}/failures?state=all")
    expect(viewer.page.get_by_role("link", name="Its uploads").first).to_be_visible(timeout=30_000)
    assert viewer.page.get_by_role("button", name=re.compile("Resolve|Ignore|Reopen|Help")).count() == 0
    viewer.person.open(f"{CONSOLE}?status=failed")
    expect(viewer.page.get_by_role("button", name="Search again")).to_be_visible()
    assert viewer.page.get_by_role("button", name=re.compile("Help")).count() == 0


def test_a_note_stands_among_the_events_for_a_colleague(new_agent: NewAgent, darkroom: Darkroom) -> None:
    job = failed(darkroom)
    note = "The owner calls back on Monday."
    agent = new_agent().sign_in(f"{CONSOLE}/uploads/{job.id}").opens(job.id)
    agent.act("Note", note, title="Write a note?", field="Note")
    expect(agent.page.get_by_text("Done. ")).to_be_visible()

    colleague = new_agent("viewer").sign_in(f"{CONSOLE}/uploads/{job.id}").opens(job.id)
    row = colleague.page.get_by_role("row", name=re.compile("Note"))
    expect(row).to_contain_text(note)
    expect(row).to_contain_text(agent.name)


def test_an_agent_looks_at_the_pictures_with_a_reason(new_agent: NewAgent, darkroom: Darkroom) -> None:
    job = submitted(darkroom, "completed")
    agent = new_agent().sign_in(f"{CONSOLE}/uploads/{job.id}").opens(job.id)
    agent.page.get_by_role("button", name="Look at the pictures…").click()
    dialog = agent.page.get_by_role("dialog")
    dialog.get_by_label("Why").fill(REASON)
    dialog.get_by_role("button", name="Look", exact=True).click()

    expect(agent.page.get_by_role("dialog", name="Its pictures")).to_be_visible()
    for name in ("The photo that the owner sent", "The full picture", "The preview that the owner sees"):
        expect(agent.page.get_by_alt_text(name)).to_be_visible()
    agent.person.wait("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    agent.person.assert_accessible()
    agent.page.get_by_role("button", name="Close").click()
    agent.person.open(f"{CONSOLE}/audit?jobId={job.id}").sees(REASON)
