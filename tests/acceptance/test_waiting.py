"""Waiting without asking again and again, over the real processes: the stream, and polls that are held."""

import json
from collections.abc import Iterator
from threading import Event
from typing import Any

import httpx

from tests.acceptance.clients import STAGES, Api, Job
from tests.acceptance.conftest import Connected
from tests.fakes.gemini_replies import picture, when

PATIENCE = 60


def streamed(api: Api, job: Job) -> Iterator[dict[str, Any]]:
    """The bodies of a stream, to its end."""
    url, headers = f"{api.url}/api/status/{job.id}/stream", {"X-Session-Token": job.token}
    with httpx.stream("GET", url, headers=headers, timeout=PATIENCE, trust_env=False) as response:
        assert response.status_code == httpx.codes.OK
        for line in response.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def held(api: Api, job: Job) -> Iterator[dict[str, Any]]:
    """The bodies of polls that are held, to the end."""
    headers, tag, body = {"X-Session-Token": job.token, "Prefer": "wait=30"}, "", {"isTerminal": False}
    with httpx.Client(base_url=api.url, timeout=PATIENCE, trust_env=False) as http:
        while not body["isTerminal"]:
            response = http.get(f"/api/status/{job.id}", headers={**headers, "If-None-Match": tag})
            assert response.status_code in {httpx.codes.OK, httpx.codes.NOT_MODIFIED}
            if response.status_code == httpx.codes.OK:
                tag, body = response.headers["ETag"], response.json()
                yield body


def assert_only_forward(bodies: list[dict[str, Any]]) -> None:
    """Nothing goes back, and it ends well."""
    reached = [(body["version"], STAGES.index(body["stage"]), body["progress"]) for body in bodies]
    assert reached == sorted(reached)
    assert [body["isTerminal"] for body in bodies] == [*[False] * (len(bodies) - 1), True]
    assert bodies[-1]["status"] == "completed"


def test_a_stream_shows_an_upload_from_its_submission_to_its_picture(connected: Connected) -> None:
    seen = Event()
    connected.gemini.answer_with(when(seen, picture()))
    job = connected.api.submit()

    bodies = []
    for body in streamed(connected.api, job):
        bodies.append(body)
        if body["stage"] == "generating":
            seen.set()

    assert_only_forward(bodies)
    assert bodies[-1] == connected.api.status(job)
    assert {"generating", "complete"} <= {body["stage"] for body in bodies}


def test_held_polls_show_the_same_with_a_question_a_step(api: Api) -> None:
    job = api.submit()

    bodies = list(held(api, job))

    assert_only_forward(bodies)
    assert len(bodies) <= bodies[-1]["version"]
    assert bodies[-1] == api.status(job)
