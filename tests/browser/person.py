"""One who uses the page: opens it, sends photos, looks and listens, and remembers whatever the page did wrong."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from tests.photos.variants import photo
from tests.waiting import until

AXE: Final = Path(__file__).parents[2] / "app/web/node_modules/axe-core/axe.min.js"
SECONDS: Final = 30
SLOW: Final = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 40_000}
QUICK: Final = {**SLOW, "uploadThroughput": -1}
WATCHER: Final = """
window.seen = { progress: [], spoken: [] };
const note = (list, value) => list.at(-1) !== value && list.push(value);
new MutationObserver(() => {
  const bar = document.querySelector('[aria-label="Progress"]');
  if (bar) note(seen.progress, Number(bar.getAttribute('aria-valuenow')));
  const spoken = document.querySelector('[aria-live]')?.textContent;
  if (spoken) note(seen.spoken, spoken);
}).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
document.addEventListener('securitypolicyviolation', (event) => console.error('CSP', event.violatedDirective));
"""
"""Notes in the page whatever the bar showed and the live region said."""


class Person:
    """A person with a tab of a browser; other tabs of the same browser are other persons."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(SECONDS * 1000)
        self.faults: list[str] = []
        self.requests: list[Request] = []
        self.page.add_init_script(WATCHER)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._listen)
        self.page.on("request", self._note)

    def open(self, address: str = "/") -> "Person":
        """Go to the page."""
        self.page.goto(self.url + address)
        return self

    def send(self, *photos: bytes) -> "Person":
        """Choose photos, as files whose names say nothing."""
        files: list[Any] = [
            {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": p} for n, p in enumerate(photos or [photo()])
        ]
        self.page.locator("input[multiple]").set_input_files(files)
        return self

    def reads(self, heading: str, seconds: float = SECONDS) -> "Person":
        """Wait for the heading."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading, timeout=seconds * 1000)
        return self

    def sees(self, text: str) -> "Person":
        """Wait for a text that can be seen."""
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=SECONDS * 1000)
        return self

    def reads_small_print(self, pattern: str) -> "Person":
        """Wait until the line of small print fits."""
        expect(self.page.locator(".card .fine")).to_have_text(re.compile(pattern), timeout=SECONDS * 1000)
        return self

    def press(self, name: str) -> "Person":
        """Press a button, or a link that looks like one."""
        self.pressable(name).click()
        return self

    def pressable(self, name: str) -> Locator:
        """What can be pressed under that name."""
        button = self.page.get_by_role("button", name=name, exact=True)
        return button.or_(self.page.get_by_role("link", name=name, exact=True))

    @contextmanager
    def slow_upload(self) -> Iterator[None]:
        """Whatever is sent meanwhile takes its time."""
        network = self.context.new_cdp_session(self.page)
        network.send("Network.enable")
        network.send("Network.emulateNetworkConditions", SLOW)
        yield
        network.send("Network.emulateNetworkConditions", QUICK)

    def wait(self, script: str) -> None:
        """Return when it is true in the page."""
        # Not Playwright's own wait, which would have to evaluate a text: the page's policy forbids that, and shall.
        until(lambda: bool(self.page.evaluate(script)), f"never true: {script}", SECONDS)

    @property
    def job_id(self) -> str:
        """Of the upload that is open."""
        return str(self.page.evaluate("location.hash.slice(1)"))

    @property
    def progress(self) -> list[int]:
        """Every value that the bar has shown since the page was loaded."""
        return list(self.page.evaluate("seen.progress"))

    @property
    def spoken(self) -> list[str]:
        """Everything that the live region has said since the page was loaded."""
        return list(self.page.evaluate("seen.spoken"))

    @property
    def posts(self) -> list[str]:
        """The paths that the page has posted to, in order."""
        return [httpx.URL(request.url).path for request in self.requests if request.method == "POST"]

    @property
    def sessions(self) -> dict[str, str]:
        """The session tokens of this browser, by job."""
        stored: dict[str, str] = json.loads(self.page.evaluate("JSON.stringify(localStorage)"))
        prefix = "darkroom.session."
        return {key.removeprefix(prefix): token for key, token in stored.items() if key.startswith(prefix)}

    def assert_revealed(self, alternative: str = "What Darkroom made") -> None:
        """The finished picture is there, and can be seen."""
        picture = self.page.get_by_alt_text(alternative)
        expect(picture).to_be_visible()
        self.wait("document.querySelector('.picture img').naturalWidth > 0")

    def settle(self) -> None:
        """Return when nothing moves any more but what moves for ever."""
        self.wait(
            "document.getAnimations().every(({ playState, effect }) =>"
            " playState !== 'running' || effect.getTiming().iterations === Infinity)"
        )

    def assert_accessible(self) -> "Person":
        """Axe finds nothing, and nothing is wider than the screen."""
        self.settle()  # colours on their way from one to another are no colours to judge
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run().then(({ violations }) => violations)")
        faults = [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found]
        assert faults == [], faults
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        return self

    def _note(self, request: Request) -> None:
        self.requests.append(request)

    def _listen(self, message: ConsoleMessage) -> None:
        # A request that failed is told by the browser itself, whatever the page makes of it.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.faults.append(message.text)
