"""A session's token that is pasted into the search of the console finds its uploads, and is in no address."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Darkroom, NewAgent, submitted


@pytest.mark.parametrize("field", ["Session, as events name it, or its token", "Job id, or its beginning"])
def test_a_token_that_is_pasted_becomes_the_name_of_its_session(
    new_agent: NewAgent, darkroom: Darkroom, field: str
) -> None:
    job = submitted(darkroom, "completed")
    agent = new_agent("viewer").sign_in()
    page = agent.page
    page.get_by_text("More filters").click()
    page.get_by_label(field).fill(f" {job.token} ")
    page.keyboard.press("Enter")

    page.wait_for_url("**?session=session*")
    expect(agent.row(job.id)).to_be_visible()
    agent.person.sees("1 upload: of one session").assert_accessible()
    secret = job.token.partition(".")[0]
    assert secret not in page.url
    assert not any(secret in request.url for request in agent.person.requests)
