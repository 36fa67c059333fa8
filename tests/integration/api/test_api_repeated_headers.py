"""Headers on more than one line, over real sockets: they mean the same on the way past the framework and through it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
import pytest

from app.signing.sessions import Sessions
from domain.stages import Stage
from tests.api_services import KEYS
from tests.integration.api.service import JPEG, error_of
from tests.integration.api.serving import running
from tests.lives import Lives

OWNER: Final = Sessions(KEYS).new()


@pytest.fixture
def lives(database_url: str, tmp_path: Path) -> Iterator[Lives]:
    """Uploads on the test's own database."""
    with Lives(database_url, tmp_path) as lives:
        yield lives


@pytest.fixture
def client(lives: Lives, database_url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a serving process over them."""
    del lives  # begun before it
    with running(database_url, tmp_path) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def test_more_than_one_token_is_unauthorized_on_every_path(lives: Lives, client: httpx.Client) -> None:
    upload_id = lives.submitted(session_hash=OWNER.hash)
    lives.run(upload_id, Stage.COMPLETE)
    lives.project()
    result = lives.uploads.get(upload_id).result
    assert result
    asks = [
        *(f"GET /api/status/{upload_id}{ending}" for ending in ("", "/", "/stream")),
        f"GET /api/results/{result.result_id}",
        *(f"POST /api/uploads{which}" for which in ("", f"/{upload_id}/cancel", f"/{upload_id}/retry")),
    ]

    for tokens in ((OWNER.token, OWNER.token), (OWNER.token, "forged"), ("forged", OWNER.token)):
        headers = [("X-Session-Token", token) for token in tokens]
        answers = {ask: error_of(client.request(*ask.split(), headers=headers)) for ask in asks}
        assert answers == dict.fromkeys(asks, (401, "UNAUTHORIZED"))


@pytest.mark.parametrize("tags", [('"1"', '"7"'), ('"7"', '"1"')])
def test_etags_on_several_lines_are_one_list(lives: Lives, client: httpx.Client, tags: tuple[str, str]) -> None:
    upload_id = lives.submitted(session_hash=OWNER.hash)
    lives.project()
    headers = [("X-Session-Token", OWNER.token), *(("If-None-Match", tag) for tag in tags)]

    for path in (f"/api/status/{upload_id}", f"/api/status/{upload_id}/"):
        assert client.get(path, headers=headers).status_code == 304


def test_of_two_idempotency_keys_none_is_taken(client: httpx.Client) -> None:
    for first, second in ((uuid4(), uuid4()), (uuid4(),) * 2):
        keys = [("Idempotency-Key", str(first)), ("Idempotency-Key", str(second))]
        answer = client.post("/api/uploads", files={"image": ("a.jpg", JPEG)}, headers=keys)
        assert error_of(answer) == (400, "BAD_REQUEST")
