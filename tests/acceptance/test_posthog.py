"""PostHog hears of every end exactly once, whatever happens to the process that tells it, and never a secret."""

import json

import psycopg

from tests.acceptance.clients import Api, Job, Watch
from tests.acceptance.conftest import Connected
from tests.fakes.gemini_replies import after, picture, prompt_blocked
from tests.fakes.posthog import Mood
from tests.photos.variants import photo
from tests.waiting import until

FILENAME = "the-holiday-of-eleanor"


def told_everything(database_url: str) -> bool:
    """Whether PostHog's reader has come to the end of the log."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT position >= (SELECT max(position) FROM event_log) FROM positions WHERE reader = 'analytics'"
        ).fetchone()
    return bool(row and row[0])


def ended(api: Api, *jobs: Job) -> list[str]:
    """How the jobs ended, once they all have."""
    with Watch(api, *jobs) as watch:
        until(lambda: all(poller.ended for poller in watch.pollers), "they do not end", 60)
    return watch.statuses


def test_each_end_is_told_once_though_the_reader_is_killed_and_posthog_forgets_to_answer(connected: Connected) -> None:
    api, posthog, service = connected.api, connected.posthog, connected.service
    connected.gemini.answer_with(prompt_blocked())
    failed = api.submit(photo("coffee"), f"{FILENAME}.jpg")
    assert ended(api, failed) == ["failed"]
    # It takes the events and answers nothing: the process is killed before it knows, and the next one tells them again.
    posthog.mood = Mood.FORGETFUL
    complete = [api.submit(photo("cat"), f"{FILENAME}.jpg"), api.submit(photo("rocket"), f"{FILENAME}.jpg")]
    assert ended(api, *complete) == ["completed", "completed"]
    until(lambda: bool(told_of(connected, "status_complete", complete)), "PostHog was told of nothing")
    service.kill_child("project")
    posthog.mood = Mood.WELL
    until(lambda: told_everything(service.addresses.database_url), "PostHog was not told everything", 60)
    assert len(posthog.events) > len({event["uuid"] for event in posthog.events}), "nothing was told again"
    assert told_of(connected, "status_complete", complete) == sorted(job.id for job in complete)
    assert told_of(connected, "status_failed", [failed]) == [failed.id]


def told_of(connected: Connected, event: str, jobs: list[Job]) -> list[str]:
    """The uploads, among these, that PostHog was told of under that name: one for each time that it counts."""
    told = [str(one["properties"]["upload_id"]) for one in connected.posthog.named(event)]
    return sorted(upload_id for upload_id in told if upload_id in {job.id for job in jobs})


def test_what_posthog_hears_has_the_facts_and_no_token_filename_or_address(connected: Connected) -> None:
    api, posthog = connected.api, connected.posthog
    connected.gemini.answer_with(after(0.5, picture()), prompt_blocked())
    job = api.submit(photo("cat"), f"{FILENAME}.jpg")
    assert ended(api, job) == ["completed"]
    failed = api.submit(photo("rocket"), f"{FILENAME}.jpg")
    assert ended(api, failed) == ["failed"]
    until(lambda: told_of(connected, "status_failed", [failed]) == [failed.id], "PostHog was not told of the failure")
    facts = {
        one["properties"]["upload_id"]: one["properties"]
        for one in posthog.named("status_complete") + posthog.named("status_failed")
    }
    assert facts[job.id]["result_id"] == api.status(job)["resultId"]
    assert facts[job.id]["total_duration_ms"] > 0
    assert {"final_stage": "generating", "error_code": "CONTENT_BLOCKED"}.items() <= facts[failed.id].items()
    heard = json.dumps(posthog.events)
    for secret in (job.token, failed.token, FILENAME, "127.0.0.1"):
        assert secret not in heard
