"""Posts with one idempotency key are one job, however many come at once."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from app.signing.sessions import Sessions
from tests.api_services import KEYS
from tests.integration.api.service import JPEG, KEY, PNG, error_of
from tests.integration.api.serving import Server


def test_fifty_posts_with_one_key_are_one_job(server: Server) -> None:
    def post(number: int) -> httpx.Response:
        content = PNG if number % 10 == 9 else JPEG
        return httpx.post(
            f"{server.url}/api/uploads", files={"image": content}, headers={"Idempotency-Key": KEY}, timeout=30
        )

    # One goes first, so that it is known which photo wins.
    first = post(0).json()
    with ThreadPoolExecutor(50) as threads:
        posts = list(threads.map(post, range(50)))

    assert [error_of(answer) for answer in posts if answer.status_code != 202] == [(422, "IDEMPOTENCY_CONFLICT")] * 5
    assert {answer.text for answer in posts if answer.status_code == 202} == {httpx.Response(202, json=first).text}
    assert server.uploads() == 1
    assert len([*server.folder.glob("*/original-*")]) == 1


def test_fifty_posts_at_once_without_a_first_one_are_one_job(server: Server) -> None:
    token = Sessions(KEYS).new().token
    headers = {"Idempotency-Key": KEY, "X-Session-Token": token}

    def post(content: bytes) -> httpx.Response:
        return httpx.post(f"{server.url}/api/uploads", files={"image": content}, headers=headers, timeout=30)

    with ThreadPoolExecutor(50) as threads:
        posts = list(threads.map(post, [JPEG, PNG] * 25))

    taken = [answer for answer in posts if answer.status_code == 202]
    refused = [answer for answer in posts if answer.status_code != 202]
    assert (len(taken), len(refused)) == (25, 25)
    assert len({answer.json()["jobId"] for answer in taken}) == 1
    assert {error_of(answer) for answer in refused} == {(422, "IDEMPOTENCY_CONFLICT")}
    assert server.uploads() == 1
    assert len([*server.folder.glob("*/original-*")]) == 1
