"""The packed hook in an app of Next: drawn on the server it is idle, and the browser takes over without an error."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.clients import Api
from tests.acceptance.service import running
from tests.browser.front_end import running_next


@pytest.mark.timeout(600)  # Next is large, and its build takes its time
def test_drawn_on_a_server_it_is_idle_and_the_browser_goes_on_to_the_end(chromium: Browser, tmp_path: Path) -> None:
    with running_next(tmp_path / "next") as origin, running(CORS_ORIGINS=origin) as service, Api(service.url) as api:
        job = api.submit()
        url = f"{origin}/?api={service.url}&job={job.id}"
        drawn = httpx.get(url, trust_env=False).text
        assert re.search(r"<output[^>]*>idle</output>", drawn)

        context = chromium.new_context()
        page = context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.goto(url)
        expect(page.locator("output")).to_have_text("idle")
        page.evaluate(
            "([id, token]) => localStorage.setItem(`darkroom.session.${id}`, token)", [str(job.id), job.token]
        )
        page.reload()

        expect(page.locator("output")).to_have_text("completed", timeout=60_000)
        assert [fault for fault in faults if "Failed to load resource" not in fault] == []
        context.close()
