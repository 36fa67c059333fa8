"""Session tokens in the second half of their life: the page takes the new ones, for every job and in every tab."""

import time
from secrets import token_urlsafe
from typing import Final

from app.signing.sessions import LIFETIME, Sessions
from tests.acceptance.clients import Api
from tests.browser.conftest import Darkroom, NewPerson
from tests.browser.person import Person
from tests.photos.variants import photo

READY: Final = "Your picture is ready"
HOLD: Final = """([jobs, token]) => {
  for (const jobId of jobs) localStorage["darkroom.session." + jobId] = token;
  const submittedAt = new Date().toISOString();
  const uploads = jobs.map((jobId) => ({ jobId, submittedAt, thumbnail: null, ending: "completed" }));
  localStorage["darkroom.uploads"] = JSON.stringify(uploads);
}"""


def old_token(darkroom: Darkroom) -> str:
    """A token of a new session that is past the middle of its life."""
    keys = (darkroom.service.data / "secret-keys").read_text().split(",")
    age = 0.6 * LIFETIME.total_seconds()
    return Sessions(keys, clock=lambda: time.time() - age).derive(token_urlsafe(32)).token


def sent_tokens(person: Person) -> set[str]:
    """Every token that the page has sent."""
    sent = (request.headers.get("x-session-token") for request in person.requests)
    return {token for token in sent if token is not None}


def test_a_renewed_token_is_kept_for_every_job_of_its_session_and_in_other_tabs(
    person: Person, new_person: NewPerson, darkroom: Darkroom
) -> None:
    old = old_token(darkroom)
    with Api(darkroom.service.url) as api:
        jobs = [api.post(photo(name), token=old).json()["jobId"] for name in ("coffee", "cat")]
    person.page.evaluate(HOLD, [jobs, old])
    other = new_person(share=person).open().reads("Put a photo in the tray")

    person.open(f"/#{jobs[0]}").reads(READY)

    (renewed,) = set(person.sessions.values())
    assert renewed != old
    assert set(person.sessions) == set(jobs)
    other.page.evaluate("(jobId) => { location.hash = jobId; }", jobs[1])
    other.reads(READY).assert_revealed()
    assert sent_tokens(other) == {renewed}


def test_the_next_photo_renews_the_token_too(person: Person, darkroom: Darkroom) -> None:
    old = old_token(darkroom)
    with Api(darkroom.service.url) as api:
        job_id = api.post(photo("coffee"), token=old).json()["jobId"]
    person.page.evaluate(HOLD, [[job_id], old])
    person.open().send(photo("cat")).reads(READY)
    assert len(person.sessions) == 2
    assert old not in person.sessions.values()
