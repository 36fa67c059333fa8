"""/insights in Chromium: the charts are drawn under the page's own policy, and anyone can read them."""

import json
import re

import httpx
from playwright.sync_api import expect

from tests.browser.agent import CONSOLE
from tests.browser.conftest import Darkroom, NewAgent, NewPerson
from tests.waiting import until


def completed(url: str, token: str) -> int:
    """How many uploads the statistics of the last days count as completed; they follow the log a moment later."""
    headers = {"Authorization": f"Bearer {token}"}
    rows = httpx.get(f"{url}/api/analysis/charts/throughput", headers=headers).json()["rows"]
    return sum(row[2] or 0 for row in rows)


def test_a_member_of_staff_signs_in_and_sees_the_charts(new_person: NewPerson, darkroom: Darkroom) -> None:
    service = darkroom.service
    done = service.run("staff", "add", "ina", "--role", "viewer", "--json", "--data", service.data)
    assert done.returncode == 0, done.stderr
    token = json.loads(done.stdout)["token"]
    person = new_person().open().send().reads("Your picture is ready")
    until(lambda: completed(service.url, token) > 0, "the statistics do not count it")
    person.open("/insights?last=1")
    person.page.get_by_label("Staff token").fill(token)
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
    expect(person.page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")
    expect(person.page.locator("[aria-busy=true]")).to_have_count(0)  # a chart that is asked for again is pale
    person.assert_accessible()


def test_the_console_and_the_insights_lead_to_each_other(new_agent: NewAgent) -> None:
    agent = new_agent("viewer")
    page = agent.person.open("/insights").sees("Staff token").page
    assert page.get_by_role("link", name="Support console").count() == 0
    assert agent.person.open(CONSOLE).page.get_by_role("link", name="Insights").count() == 0

    agent.sign_in().page.get_by_role("link", name="Insights").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Insights")
    page.get_by_role("link", name="Support console").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
