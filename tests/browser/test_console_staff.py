"""The staff at the console: an admin adds, renews and revokes members; others are not offered it and are refused."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.agent import CONSOLE, Agent
from tests.browser.conftest import NewAgent, NewPerson

STAFF = f"{CONSOLE}/staff"


def test_an_admin_adds_a_member_who_signs_in_gets_a_new_token_and_is_revoked(
    new_agent: NewAgent, new_person: NewPerson
) -> None:
    admin = new_agent("admin").sign_in()
    page = admin.page
    admin.person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Staff", exact=True).click()
    name = f"dora-{uuid4().hex[:8]}"

    page.get_by_role("button", name="Add a member…").click()
    form = page.get_by_role("dialog", name="Add a member")
    expect(form.get_by_label("Name")).to_be_focused()
    page.keyboard.type(name)
    form.get_by_label(re.compile("^Agent")).check()
    form.get_by_label(re.compile("^Last day")).fill("2099-01-31")
    form.get_by_role("button", name="Add").click()
    first = _token_shown(admin, name)
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("agent")
    expect(row).to_contain_text("the end of 2099-01-31")

    member = Agent(new_person(), first).sign_in()
    assert member.name == name

    page.get_by_role("button", name=f"New token for {name}").click()
    page.get_by_role("dialog").get_by_role("button", name="Give a new token").click()
    second = _token_shown(admin, name)
    assert second != first
    member.person.open(CONSOLE).sees("Your token")
    Agent(member.person, second).sign_in()

    page.get_by_role("button", name=f"Revoke {name}").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("revoked")
    member.person.open(CONSOLE).sees("Your token")
    member.page.get_by_label("Your token").fill(second)
    member.page.keyboard.press("Enter")
    member.person.sees(f"the access of {name} is revoked")

    row.get_by_role("link").click()
    expect(page.get_by_role("textbox", name="By", exact=True)).to_have_value(name)
    page.goto(f"{admin.person.url}{CONSOLE}/audit?by={admin.name}")
    for done in ("added", "gave a new token to", "revoked"):
        expect(page.get_by_role("row", name=re.compile(f"{done} {name}")).first).to_be_visible()


def test_an_admin_who_takes_a_new_token_reads_it_before_the_session_ends(new_agent: NewAgent) -> None:
    admin = new_agent("admin").sign_in(STAFF)
    page = admin.page
    page.get_by_role("button", name=f"New token for {admin.name}").click()
    page.get_by_role("dialog").get_by_role("button", name="Give a new token").click()
    token = page.get_by_role("textbox", name=f"Token of {admin.name}").input_value()
    page.get_by_role("button", name="I have it").click()

    expect(page.get_by_label("Your token")).to_be_visible()
    Agent(admin.person, token).sign_in()


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_others_are_not_offered_it_and_are_refused_by_the_server(new_agent: NewAgent, role: str) -> None:
    other = new_agent(role).sign_in()
    page = other.page
    expect(page.get_by_role("link", name="Audit")).to_be_visible()
    assert page.get_by_role("link", name="Staff", exact=True).count() == 0
    other.person.open(STAFF).sees("managing the staff takes an admin").assert_accessible()
    assert page.locator("main button").count() == 0

    refused = page.evaluate(
        """async () => {
          const { csrfToken } = await (await fetch("/api/support/session")).json();
          const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrfToken };
          const post = (path, json) => fetch("/api/support/staff" + path,
            { method: "POST", headers, body: JSON.stringify(json) });
          const answers = [await fetch("/api/support/staff"), await post("", { name: "eve", role: "admin" }),
            await post("/local-admin/rotate", {}), await post("/local-admin/revoke", {})];
          return answers.map(({ status }) => status);
        }"""
    )
    assert refused == [403, 403, 403, 403]


@pytest.mark.parametrize("color_scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [360, 1440])
def test_the_room_and_its_dialogs_are_accessible_and_fit(new_agent: NewAgent, color_scheme: str, width: int) -> None:
    phone = width == 360
    viewport = {"width": width, "height": 740}
    admin = new_agent("admin", color_scheme=color_scheme, viewport=viewport, has_touch=phone, is_mobile=phone)
    page = admin.sign_in(STAFF).page
    expect(page.get_by_role("row", name=re.compile(admin.name))).to_be_visible()
    admin.person.assert_accessible()
    opener = page.get_by_role("button", name="Add a member…")
    opener.focus()
    page.keyboard.press("Enter")
    admin.person.assert_accessible()
    page.keyboard.type("Not A Name")
    page.keyboard.press("Enter")
    admin.person.sees("1 to 64 of a-z").assert_accessible()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.get_by_role("button", name=f"Revoke {admin.name}").click()
    admin.person.sees("This is you").assert_accessible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=f"New token for {admin.name}").click()
    admin.person.assert_accessible()
    page.get_by_role("dialog").get_by_role("button", name="Give a new token").click()
    admin.person.sees("It is shown once").assert_accessible()


def _token_shown(admin: Agent, name: str) -> str:
    """The token that the dialog shows; it is copied and put away, and then it is nowhere in the page."""
    dialog = admin.page.get_by_role("dialog", name=f"The token of {name}")
    token = dialog.get_by_label(f"Token of {name}").input_value()
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("status")).to_have_text("Copied.")
    assert admin.page.evaluate("navigator.clipboard.readText()") == token
    dialog.get_by_role("button", name="I have it").click()
    expect(dialog).to_have_count(0)
    assert token not in admin.page.content()
    return token
