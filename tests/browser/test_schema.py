"""/schema in Chromium: the API as a page that one can read and try, under its own policy and without another server."""

from playwright.sync_api import expect

from tests.browser.conftest import NewPerson


def test_every_endpoint_can_be_read_and_one_can_be_tried(new_person: NewPerson) -> None:
    person = new_person().open("/schema")
    health = person.page.locator(".opblock", has_text="/healthz").first
    health.locator(".opblock-summary").click()
    health.get_by_role("button", name="Execute").click()

    expect(health.locator(".live-responses-table td.response-col_status").last).to_contain_text("200")
    expect(health.locator(".live-responses-table")).to_contain_text('"status": "ok"')
    assert person.page.locator(".opblock").count() >= 9
    assert {request.url.startswith((person.url, "data:")) for request in person.requests} == {True}
