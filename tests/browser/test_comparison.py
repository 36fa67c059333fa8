"""The console lays a usual upload under one that is looked at, and names the first difference."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.agent import CONSOLE
from tests.browser.conftest import Darkroom, NewAgent, failed, submitted
from tests.browser.past import give_a_past
from tests.fakes.gemini_replies import picture


@pytest.mark.parametrize("color_scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [360, 1440])
def test_a_failed_upload_is_compared_with_a_usual_one(
    new_agent: NewAgent, darkroom: Darkroom, color_scheme: str, width: int
) -> None:
    submitted(darkroom, "completed")
    job = failed(darkroom)
    phone = width == 360
    viewport = {"width": width, "height": 740}
    agent = new_agent("viewer", color_scheme=color_scheme, viewport=viewport, has_touch=phone, is_mobile=phone)
    page = agent.sign_in(f"{CONSOLE}/uploads/{job.id}").opens(job.id).page

    opener = page.get_by_role("button", name="Compare with a usual one")
    opener.focus()
    page.keyboard.press("Enter")
    usual = page.get_by_role("region", name="A usual one of the same kind")
    expect(usual.get_by_role("row", name=re.compile("^Watermarking"))).to_be_visible()
    expect(page.get_by_role("region", name="Where the time went").get_by_role("table")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Open the usual one")).to_contain_text(
        "This upload failed with NO_IMAGE_GENERATED, where a usual one is storing."
    )
    agent.person.assert_accessible()

    page.get_by_role("link", name="Open the usual one").click()
    expect(page.get_by_role("heading", level=1)).not_to_contain_text(job.id)
    expect(page.locator(".standing .status")).to_have_text("completed")
    agent.person.open(f"{CONSOLE}/audit?jobId={job.id}").sees("looked at")


@pytest.mark.parametrize("width", [360, 1024])
def test_what_is_usual_stands_beside_each_part_and_fits(new_agent: NewAgent, darkroom: Darkroom, width: int) -> None:
    give_a_past(darkroom.service, darkroom.gemini, picture())
    job = submitted(darkroom, "completed")
    agent = new_agent("viewer", viewport={"width": width, "height": 740})
    page = agent.sign_in(f"{CONSOLE}/uploads/{job.id}").opens(job.id).page

    row = page.get_by_role("row", name=re.compile("^Watermarking"))
    expect(row).to_contain_text(re.compile(r"usually [\d.]+ s to [\d.]+ s"), timeout=30_000)
    agent.person.assert_accessible()
