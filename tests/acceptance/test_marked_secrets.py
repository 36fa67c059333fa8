"""Secrets in every field, header and name of requests that go well and of requests that fail: none is kept or told.

The photo's own metadata stays in the original alone (test_privacy.py). The client's X-Request-ID is for the log, and is
told to be.
"""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from redis import Redis

from tests.acceptance.clients import Job
from tests.acceptance.conftest import Connected
from tests.acceptance.test_privacy import database_as_text, files_with
from tests.fakes import gemini_replies
from tests.photos.variants import SECRET, with_metadata
from tests.waiting import until

MARK = "marked-7431"
HEADERS = {
    **{
        name: f"{MARK}-{name}"
        for name in ("User-Agent", "Referer", "Cookie", "Authorization", "X-Forwarded-For", "Forwarded", "From")
    },
    "X-Secret": MARK,
}
KEY = f"{MARK}-0123456789-0123456789"
Ask = Callable[[httpx.Client], httpx.Response]


def send(client: httpx.Client, content: bytes, **headers: str) -> httpx.Response:
    """Submit a photo under marked names, beside marked fields."""
    files: Any = [
        ("note", (None, f"{MARK}-field")),
        (f"{MARK}-part", (f"{MARK}-other.txt", b"words", f"text/{MARK}")),
        ("image", (f"{MARK}-holiday.jpg", content, "image/jpeg")),
    ]
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/api/uploads", files=files, params={"token": f"{MARK}-query"}, headers=sent)


MISTAKES: dict[str, Ask] = {
    "a forged session": lambda client: send(client, with_metadata(), X_Session_Token=f"{MARK}.a.b"),
    "a key that can be guessed": lambda client: send(client, with_metadata(), Idempotency_Key=MARK),
    "no photo": lambda client: send(client, MARK.encode()),
    "a broken form": lambda client: client.post(
        "/api/uploads", content=MARK.encode(), headers={"Content-Type": f"multipart/form-data; boundary={MARK}"}
    ),
    "another media type": lambda client: client.post(
        "/api/uploads", content=MARK.encode(), headers={"Content-Type": f"text/{MARK}"}
    ),
    "a job that is none": lambda client: client.get(f"/api/status/{MARK}", headers={"X-Session-Token": MARK}),
    "a stream of none": lambda client: client.get(f"/api/status/{MARK}/stream", headers={"X-Session-Token": MARK}),
    "a result that is none": lambda client: client.get(f"/api/results/{MARK}", headers={"X-Session-Token": MARK}),
    "a link that is none": lambda client: client.get(f"/api/blobs/{MARK}"),
    "no such address": lambda client: client.get(f"/{MARK}", params={MARK: MARK}),
    "no such method": lambda client: client.request("PATCH", "/api/uploads", content=MARK),
    "no member of staff": lambda client: client.get("/api/support/me"),
    "a search of a stranger": lambda client: client.get("/api/support/uploads", params={"session": MARK}),
    "an action of a stranger": lambda client: client.post(f"/api/support/uploads/{MARK}/erase", json={"reason": MARK}),
}


@pytest.fixture(scope="module")
def client(connected: Connected) -> Iterator[httpx.Client]:
    """One that marks every header."""
    with httpx.Client(base_url=connected.service.url, headers=HEADERS, timeout=30, trust_env=False) as client:
        yield client


def told(answer: httpx.Response) -> str:
    """All that an answer says."""
    return f"{answer.headers} {answer.text}"


def ended(client: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    """The last status of a job."""
    headers = {"X-Session-Token": body["sessionToken"]}
    answers: list[httpx.Response] = []

    def is_over() -> bool:
        answers.append(client.get(body["statusUrl"], headers=headers))
        return bool(answers[-1].json()["isTerminal"])

    until(is_over, "the upload does not end")
    assert not any(MARK in told(answer) for answer in answers)
    last: dict[str, Any] = answers[-1].json()
    return last


def assert_kept_nowhere(connected: Connected, mark: str) -> None:
    """Neither the log, the database, Redis nor a file has it."""
    service = connected.service
    assert mark not in service.output
    assert mark not in database_as_text(service.addresses.database_url)
    assert [path for path in files_with(mark, service.data) if not path.startswith("objects/")] == []
    with Redis.from_url(service.addresses.redis_url) as redis:
        keys = list(redis.scan_iter())
        assert not any(mark.encode() in key or mark.encode() in (redis.dump(key) or b"") for key in keys)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_without_a_word_of_what_was_sent(
    connected: Connected, client: httpx.Client, mistake: str
) -> None:
    answer = MISTAKES[mistake](client)

    assert 400 <= answer.status_code < 500
    assert MARK not in told(answer)
    assert_kept_nowhere(connected, MARK)


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (None, "completed", None),
        (gemini_replies.prompt_blocked(), "failed", "CONTENT_BLOCKED"),
        (gemini_replies.text_only(), "failed", "NO_IMAGE_GENERATED"),
    ],
    ids=["complete", "blocked", "no image"],
)
def test_an_upload_keeps_nothing_of_its_request_however_it_ends(
    connected: Connected, client: httpx.Client, reply: gemini_replies.Reply | None, status: str, code: str | None
) -> None:
    if reply:
        connected.gemini.answer_with(*[reply] * 3)
    answer = send(client, with_metadata(), Idempotency_Key=f"{KEY}-{status}-{code}")
    assert answer.status_code == 202, answer.text
    job = Job(answer.json()["jobId"], answer.json()["sessionToken"])

    last = ended(client, answer.json())

    assert (last["status"], last.get("errorCode")) == (status, code)
    assert MARK not in told(answer)
    assert_kept_nowhere(connected, MARK)
    assert_kept_nowhere(connected, job.token)
    assert_kept_nowhere(connected, SECRET)
    erased = client.delete(f"/api/uploads/{job.id}", headers={"X-Session-Token": job.token})
    assert erased.status_code == 200
    assert files_with(SECRET, connected.service.data / "objects" / job.id) == []


def test_a_photo_that_cannot_be_opened_keeps_nothing_either(connected: Connected, client: httpx.Client) -> None:
    answer = send(client, with_metadata()[:-400])
    assert answer.status_code == 202, answer.text

    assert ended(client, answer.json())["status"] in {"failed", "completed"}
    assert_kept_nowhere(connected, MARK)
    assert_kept_nowhere(connected, SECRET)
