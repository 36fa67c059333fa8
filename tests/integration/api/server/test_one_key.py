"""Posts with one idempotency key are one job, however many come at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from app.signing.sessions import Sessions
from tests.api_services import KEYS
from tests.integration.api.service import JPEG, KEY, PNG, error_of
from tests.integration.api.serving import Server


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def post(client: httpx.Client, content: bytes, **headers: str) -> httpx.Response:
    """Send a photo, again and again while so many come at once that there is no slot for it."""
    while True:
        answer = client.post(
            "/api/uploads", files={"image": content}, headers={n.replace("_", "-"): v for n, v in headers.items()}
        )
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            return answer


def test_fifty_posts_with_one_key_are_one_job(server: Server, client: httpx.Client) -> None:
    photos = [PNG if number % 10 == 9 else JPEG for number in range(50)]

    # One goes first, so that it is known which photo wins.
    first = post(client, photos[0], Idempotency_Key=KEY).json()
    with ThreadPoolExecutor(50) as threads:
        posts = list(threads.map(lambda content: post(client, content, Idempotency_Key=KEY), photos))

    assert [error_of(answer) for answer in posts if answer.status_code != 202] == [(422, "IDEMPOTENCY_CONFLICT")] * 5
    assert {answer.text for answer in posts if answer.status_code == 202} == {httpx.Response(202, json=first).text}
    assert server.uploads() == 1
    assert len([*server.folder.glob("*/original-*")]) == 1


def test_fifty_posts_at_once_without_a_first_one_are_one_job(server: Server, client: httpx.Client) -> None:
    token = Sessions(KEYS).new().token

    with ThreadPoolExecutor(50) as threads:
        posts = list(
            threads.map(
                lambda content: post(client, content, Idempotency_Key=KEY, X_Session_Token=token), [JPEG, PNG] * 25
            )
        )

    taken = [answer for answer in posts if answer.status_code == 202]
    refused = [answer for answer in posts if answer.status_code != 202]
    assert (len(taken), len(refused)) == (25, 25)
    assert len({answer.json()["jobId"] for answer in taken}) == 1
    assert {error_of(answer) for answer in refused} == {(422, "IDEMPOTENCY_CONFLICT")}
    assert server.uploads() == 1
    assert len([*server.folder.glob("*/original-*")]) == 1
