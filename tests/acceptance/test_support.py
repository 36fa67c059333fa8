"""Staff help on a live service: what they ask for is done by the workers, and is on record."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest
from msgspec import Struct

from tests.acceptance.clients import Job, Watch
from tests.acceptance.conftest import Connected
from tests.fakes.gemini_replies import no_candidates, picture, status
from tests.photos.variants import photo
from tests.waiting import until

REASON = "The owner wrote that it is stuck."


class Agent(Struct):
    """A staff member with a token."""

    client: httpx.Client

    def timeline(self, job: Job) -> dict[str, Any]:
        answer = self.client.get(f"/api/support/uploads/{job.id}/timeline")
        assert answer.status_code == httpx.codes.OK, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def ask(self, action: str, job: Job) -> dict[str, Any]:
        answer = self.client.post(f"/api/support/uploads/{job.id}/{action}", json={"reason": REASON})
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        body: dict[str, Any] = answer.json()
        return body


@pytest.fixture(scope="module")
def agent(connected: Connected) -> Iterator[Agent]:
    """An agent, added on the command line."""
    done = connected.service.run("staff", "add", "agnes", "--role", "agent", "--json", "--data", connected.service.data)
    assert done.returncode == 0, done.stderr
    token = json.loads(done.stdout)["token"]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=connected.service.url, headers=headers, trust_env=False, timeout=30) as client:
        yield Agent(client)


def test_a_failed_upload_is_found_by_half_its_id_and_retried_to_its_end(connected: Connected, agent: Agent) -> None:
    connected.gemini.answer_with(no_candidates(), picture())
    job = connected.api.submit(photo("coffee"))
    until(lambda: connected.api.status(job)["status"] == "failed", "it does not fail")

    found = agent.client.get("/api/support/uploads", params={"jobId": job.id[:18], "status": "failed"}).json()
    assert [upload["jobId"] for upload in found["uploads"]] == [job.id]
    assert agent.ask("retry", job)["status"] == "processing"
    with Watch(connected.api, job) as watch:
        watch.until_complete()

    body = agent.timeline(job)
    assert {"waiting", "stage", "ended"} <= {span["kind"] for span in body["spans"]}
    assert all(before["to"] == after["from"] for before, after in pairwise(body["spans"]))
    assert round(sum(span["seconds"] for span in body["spans"]), 6) == body["seconds"]
    (retried,) = (event for event in body["events"] if event["name"] == "upload.retried")
    assert (retried["actor"], retried["reason"]) == ("staff:agnes", REASON)
    connected.service.assert_verified()


def test_an_upload_that_would_wait_for_minutes_goes_on_when_it_is_re_enqueued(
    connected: Connected, agent: Agent
) -> None:
    connected.gemini.answer_with(status(503, retry_after="600"), picture())
    job = connected.api.submit(photo("cat"))
    until(lambda: agent.timeline(job)["spans"][-1]["kind"] == "backoff", "it does not wait")

    assert "attempt 2 begins" in agent.ask("requeue", job)["next"]
    with Watch(connected.api, job) as watch:
        watch.until_complete()

    done = connected.service.run("audit", "--since", "1h", "--upload", job.id, "--data", connected.service.data)
    assert f"staff:agnes  requeued  {job.id}" in done.stdout
    assert f"because: {REASON}" in done.stdout
    connected.service.assert_verified()
