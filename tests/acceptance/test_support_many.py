"""Staff help many uploads of a live service: their failures are one group, which is retried as a whole."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.acceptance.clients import Watch
from tests.acceptance.conftest import Connected
from tests.fakes.gemini_replies import no_candidates
from tests.photos.variants import photo
from tests.waiting import until

REASON = "The image model answered without pictures for a while."
MANY = 3


@pytest.fixture(scope="module")
def agent(connected: Connected) -> Iterator[httpx.Client]:
    """A client with the token of an agent, who was added on the command line."""
    done = connected.service.run("staff", "add", "bea", "--role", "agent", "--json", "--data", connected.service.data)
    assert done.returncode == 0, done.stderr
    headers = {"Authorization": f"Bearer {json.loads(done.stdout)['token']}"}
    with httpx.Client(base_url=connected.service.url, headers=headers, trust_env=False, timeout=30) as client:
        yield client


def answered(response: httpx.Response) -> dict[str, Any]:
    assert response.is_success, response.text
    body: dict[str, Any] = response.json()
    return body


def test_a_group_of_failures_is_retried_as_a_whole_also_when_the_process_is_killed(
    connected: Connected, agent: httpx.Client
) -> None:
    connected.gemini.answer_with(*[no_candidates()] * MANY)
    jobs = [connected.api.submit(photo(name)) for name in ("coffee", "cat", "rocket")]
    for job in jobs:
        until(lambda job=job: connected.api.status(job)["status"] == "failed", "it does not fail")  # type: ignore[misc] # the loop's job

    groups = answered(agent.get("/api/support/failures"))["groups"]
    (group,) = [each for each in groups if each["code"] == "NO_IMAGE_GENERATED"]
    assert group["uploads"] >= MANY
    search = {"failureGroup": group["id"], "status": "failed"}
    plan = answered(agent.post("/api/support/bulk", json={"action": "retry", "reason": REASON, "search": search}))
    assert {job.id for job in jobs} <= set(plan["jobIds"])

    bulk = f"/api/support/bulk/{plan['bulk']['bulkId']}"
    answered(agent.post(f"{bulk}/run", json={}))
    connected.service.kill_child("dispatch")
    until(lambda: answered(agent.get(bulk))["bulk"]["state"] == "done", "the bulk action does not end")
    with Watch(connected.api, *jobs) as watch:
        watch.until_complete()

    for job in jobs:
        events = answered(agent.get(f"/api/support/uploads/{job.id}/timeline"))["events"]
        (retried,) = [event for event in events if event["name"] == "upload.retried"]
        assert (retried["actor"], retried["reason"]) == ("staff:bea", REASON)
    connected.service.assert_verified()
