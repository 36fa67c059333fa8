"""The console as pictures for its README: `python -m tests.browser.console_screenshots` writes app/web/screenshots.

A support person helps with an upload for which the image model made nothing, of a service that has others, too.
"""

import re
from io import BytesIO
from pathlib import Path
from typing import Final, Literal

from PIL import Image
from playwright.sync_api import Browser, ViewportSize, expect

from tests.acceptance.clients import Api, Job
from tests.acceptance.service import running
from tests.browser.agent import CONSOLE, Agent, token_of
from tests.browser.chromium import running_chromium
from tests.browser.conftest import Darkroom, failed
from tests.browser.person import Person
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import after, picture, prompt_blocked, status
from tests.photos.variants import photo
from tests.waiting import until

FOLDER: Final = Path(__file__).parents[2] / "app" / "web" / "screenshots"
QUALITY: Final = 80
REASON: Final = "The owner wrote that it is stuck, ticket 4711."


def main() -> None:
    """Take them all."""
    with (
        FakeGemini() as gemini,
        running(GEMINI_API_KEY=gemini.key, GEMINI_BASE_URL=gemini.url) as service,
        running_chromium() as browser,
    ):
        darkroom = Darkroom(service, gemini)
        _give_a_day(darkroom)
        job = [failed(darkroom) for _ in range(3)][-1]
        token = token_of(service, "erika", "agent")
        _phone(_agent(browser, service.url, token, "light", 360), job)
        _desk(_agent(browser, service.url, token, "dark", 1180), darkroom, job)
        _staff(_agent(browser, service.url, token_of(service, "ada", "admin"), "light", 1180))


def _agent(browser: Browser, url: str, token: str, color_scheme: Literal["dark", "light"], width: int) -> Agent:
    is_phone = width < 400
    context = browser.new_context(
        color_scheme=color_scheme,
        viewport=ViewportSize(width=width, height=740),
        has_touch=is_phone,
        is_mobile=is_phone,
        locale="en-GB",
    )
    return Agent(Person(context, url), token)


def _give_a_day(darkroom: Darkroom) -> None:
    """Uploads that ended well, one that was declined, and one that waits for the image model."""
    with Api(darkroom.service.url) as api:
        darkroom.gemini.always_answer_with(after(1, picture()))
        jobs = [api.submit(photo(name)) for name in ("coffee", "cat", "rocket")]
        until(lambda: all(api.status(job)["isTerminal"] for job in jobs), "the day does not end")
        darkroom.gemini.always_answer_with(prompt_blocked())
        declined = api.submit(photo("rocket"))
        until(lambda: api.status(declined)["isTerminal"], "it is not declined")
        darkroom.gemini.answer_with(status(503, retry_after="600"))
        waiting = api.submit(photo("coffee"))
        until(lambda: "waitingFor" in api.status(waiting), "it does not wait")


def _desk(agent: Agent, darkroom: Darkroom, job: Job) -> None:
    page = agent.page
    agent.sign_in().search(job.id[:8])
    expect(agent.row(job.id)).to_be_visible()
    page.goto(f"{darkroom.service.url}{CONSOLE}")
    expect(agent.row(job.id)).to_be_visible()
    _take(agent, "1-find")
    agent.row(job.id).click()
    agent.opens(job.id)
    _take(agent, "2-read")
    page.get_by_role("link", name="As it was after event 4").click()
    agent.person.sees("What this event changed")
    page.get_by_role("heading", name="As it was").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, document.querySelector('.was').offsetTop - 20)")
    _take(agent, "3-was")
    page.get_by_role("link", name="Back to now").click()
    page.get_by_role("button", name="Retry…").click()
    page.get_by_role("dialog").get_by_label("Why").fill(REASON)
    _take(agent, "4-retry")
    darkroom.gemini.always_answer_with(after(2, picture()))
    page.get_by_role("dialog").get_by_role("button", name="Retry", exact=True).click()
    agent.person.sees("Done.")
    expect(page.locator(".standing .status")).to_have_text("completed", timeout=60_000)
    page.evaluate("scrollTo(0, 0)")
    _take(agent, "5-done")
    page.goto(f"{darkroom.service.url}{CONSOLE}/failures")
    expect(page.locator(".groups > li").first).to_be_visible(timeout=30_000)
    _take(agent, "6-failures")


def _phone(agent: Agent, job: Job) -> None:
    agent.sign_in()
    expect(agent.row(job.id)).to_be_visible()
    _take(agent, "7-phone-find")
    agent.row(job.id).click()
    agent.opens(job.id)
    agent.page.evaluate("scrollTo(0, document.querySelector('.time').offsetTop - 20)")
    _take(agent, "8-phone-read")


def _staff(admin: Agent) -> None:
    page = admin.sign_in(f"{CONSOLE}/staff").page
    expect(page.get_by_role("row", name=re.compile("erika"))).to_be_visible()
    _take(admin, "9-staff")


def _take(agent: Agent, name: str) -> None:
    agent.page.mouse.move(0, 0)
    agent.person.settle()
    shot = Image.open(BytesIO(agent.page.screenshot(type="png")))
    shot.convert("RGB").save(FOLDER / f"console-{name}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
