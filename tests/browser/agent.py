"""A member of the staff at the console: signs in, finds an upload, reads it and helps."""

import json
from typing import Final, Self

from playwright.sync_api import Locator, expect

from tests.acceptance.service import Service
from tests.browser.person import SECONDS, Person

CONSOLE: Final = "/support"
FIND: Final = "Find an upload"


class Agent:
    """A person with a token, in a tab of a browser."""

    def __init__(self, person: Person, token: str) -> None:
        self.person = person
        self.page = person.page
        self._token = token
        self.name = ""

    def sign_in(self, address: str = CONSOLE) -> Self:
        """Open the console and give the token."""
        self.person.open(address)
        self.page.get_by_label("Your token").fill(self._token)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()
        self.name = self.page.locator(".person > span").inner_text().partition(",")[0]
        return self

    def search(self, text: str) -> Self:
        """Press the key for the search, type, and press Enter."""
        expect(self.page.get_by_role("heading", name=FIND)).to_be_visible()
        self.page.keyboard.press("/")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        return self

    def row(self, job_id: str) -> Locator:
        """The link that opens an upload which was found."""
        return self.page.get_by_role("link", name=f"Upload {job_id}")

    def opens(self, job_id: str) -> Self:
        """Wait for the timeline of the upload."""
        heading = self.page.get_by_role("heading", level=1, name=f"Upload {job_id}")
        expect(heading).to_be_visible(timeout=SECONDS * 1000)
        return self

    def act(self, action: str, reason: str, *, title: str = "", field: str = "Why") -> Self:
        """Choose an action, give a reason, and confirm it."""
        self.page.get_by_role("button", name=f"{action}…").click()
        dialog = self.page.get_by_role("dialog", name=title or f"{action} this upload?")
        dialog.get_by_label(field).fill(reason)
        dialog.get_by_role("button", name=action, exact=True).click()
        return self


def token_of(service: Service, name: str, role: str) -> str:
    """The token of a new member of the staff."""
    done = service.run("staff", "add", name, "--role", role, "--json", "--data", service.data)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["token"])


def link_of(service: Service) -> str:
    """The link that the service printed."""
    [line] = (line for line in service.output.splitlines() if "#sign-in=" in line)
    return line.split()[-1]
