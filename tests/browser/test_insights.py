"""/insights in Chromium: the charts are drawn under the page's own policy, and anyone can read them."""

import json
import re

from playwright.sync_api import expect

from tests.browser.agent import CONSOLE
from tests.browser.conftest import Darkroom, NewAgent, NewPerson
from tests.browser.person import AXE


def test_a_member_of_staff_signs_in_and_sees_the_charts(new_person: NewPerson, darkroom: Darkroom) -> None:
    service = darkroom.service
    done = service.run("staff", "add", "ina", "--role", "viewer", "--json", "--data", service.data)
    assert done.returncode == 0, done.stderr
    person = new_person().open().send().reads("Your picture is ready")
    person.open("/insights?last=1")
    person.page.get_by_label("Staff token").fill(json.loads(done.stdout)["token"])
    person.press("Sign in")

    # The service is shared: others sent photos, too.
    expect(
        person.page.get_by_text(re.compile(r"[1-9]\d* completed, \d+ failed, \d+ cancelled\.")).first
    ).to_be_visible()
    expect(person.page.locator(".u-wrap canvas")).to_have_count(4)
    expect(person.page.get_by_label(re.compile(r"submitted: [1-9]"))).to_be_visible()
    person.page.locator("summary", has_text="SQL").first.click()
    person.sees("FROM stage_statistics")
    person.press("7 days")
    person.wait("location.search === '?last=7'")
    person.page.evaluate(AXE.read_text())
    found = person.page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))")
    assert found == []


def test_the_console_and_the_insights_lead_to_each_other(new_agent: NewAgent) -> None:
    agent = new_agent("viewer")
    page = agent.person.open("/insights").sees("Staff token").page
    assert page.get_by_role("link", name="Support console").count() == 0
    assert agent.person.open(CONSOLE).page.get_by_role("link", name="Insights").count() == 0

    agent.sign_in().page.get_by_role("link", name="Insights").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Insights")
    page.get_by_role("link", name="Support console").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
