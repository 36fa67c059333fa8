"""The limits of one client, as HTTP tells them: 429, Retry-After, RateLimit and RateLimit-Policy."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx
import pytest

from app.limits.limits import FEW
from app.limits.policies import Rule
from app.limits.shared import Semaphore
from app.signing.sessions import Sessions
from tests.api_services import KEYS
from tests.integration.api.service import JPEG, Service, error_of, running_service

POLICY: Final = re.compile(r'"[a-z-]+";q=[0-9]+;w=60(, "[a-z-]+";q=[0-9]+;w=60)*')
STANDING: Final = re.compile(r'"[a-z-]+";r=[0-9]+;t=[0-9]+(, "[a-z-]+";r=[0-9]+;t=[0-9]+)*')


def assert_told(response: httpx.Response, policy: str, standing: str) -> None:
    """The header fields are structured fields of the draft, and begin like this."""
    assert POLICY.fullmatch(response.headers["RateLimit-Policy"])
    assert STANDING.fullmatch(response.headers["RateLimit"])
    assert response.headers["RateLimit-Policy"].startswith(policy)
    assert response.headers["RateLimit"].startswith(standing)


def test_a_submission_tells_what_remains(database_url: str, tmp_path: Path) -> None:
    with running_service(database_url, tmp_path, uploads_per_minute=2) as service:
        first = service.post()
        second = service.post(X_Session_Token=first.json()["sessionToken"])
        refused = service.post()

    assert_told(first, '"uploads-by-address";q=2;w=60', '"uploads-by-address";r=1;t=')
    assert_told(second, '"uploads-by-session";q=2;w=60, "uploads-by-address";q=2;w=60', '"uploads-by-session";r=1;t=')
    assert error_of(refused) == (429, "TOO_MANY_REQUESTS")
    assert_told(refused, '"uploads-by-address";q=2;w=60', '"uploads-by-address";r=0;t=')
    assert f"t={refused.headers['Retry-After']}" in refused.headers["RateLimit"]
    assert "More than 2 uploads" in refused.json()["error"]["message"]


def test_a_session_may_poll_so_often_and_another_one_goes_on(database_url: str, tmp_path: Path) -> None:
    with running_service(database_url, tmp_path, polls_per_minute=5) as service:
        job, token = service.submitted()
        other_job, other = service.submitted()
        answers = [service.poll(job, token) for _ in range(7)]

        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        assert_told(answers[0], '"polls-by-session";q=5;w=60', '"polls-by-session";r=')
        assert int(answers[-1].headers["Retry-After"]) > 0
        assert service.poll(other_job, other).status_code == 200


def test_results_cancels_and_erasures_count_as_polls(database_url: str, tmp_path: Path) -> None:
    with running_service(database_url, tmp_path, polls_per_minute=3) as service:
        job, token = service.submitted()
        result_id = service.complete(job)
        headers = {"X-Session-Token": token}
        first = service.result(result_id, token)
        ended = service.client.post(f"/api/uploads/{job}/cancel", headers=headers)
        gone = service.client.get(f"/api/results/{job}", headers=headers)
        refused = [
            service.result(result_id, token),
            service.client.post(f"/api/uploads/{job}/cancel", headers=headers),
            service.client.delete(f"/api/uploads/{job}", headers=headers),
        ]

    assert [answer.status_code for answer in (first, ended, gone)] == [200, 409, 404]
    assert_told(first, '"polls-by-session";q=3;w=60', '"polls-by-session";r=')
    assert [error_of(answer) for answer in refused] == [(429, "TOO_MANY_REQUESTS")] * 3


def test_after_a_few_photos_in_a_minute_those_of_a_client_stand_behind(database_url: str, tmp_path: Path) -> None:
    behind: list[UUID] = []
    with running_service(database_url, tmp_path, uploads_per_minute=60, put_behind=behind.append) as service:
        sent = [service.submitted() for _ in range(FEW + 2)]
        job, token = sent[0]
        headers = {"X-Session-Token": token}
        service.client.post(f"/api/uploads/{job}/cancel", headers=headers)
        assert service.client.post(f"/api/uploads/{job}/retry", headers=headers).status_code == 202

    assert behind == [*(job for job, _ in sent[FEW:]), job]


def test_an_address_may_send_so_many_tokens_that_we_did_not_sign(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.services.limits.failed_tokens, "_rule", Rule("tokens", "failed-tokens", 4))
    job, token = service.submitted()
    asks: list[Callable[[], httpx.Response]] = [
        lambda: service.poll(job, "forged"),
        lambda: service.result(job, "forged"),
        lambda: service.post(JPEG, X_Session_Token="forged"),
        lambda: service.client.post(f"/api/uploads/{job}/cancel", headers={"X-Session-Token": "forged"}),
    ]

    assert [ask().status_code for ask in asks] == [401] * 4
    assert [error_of(ask()) for ask in asks] == [(429, "TOO_MANY_REQUESTS")] * 4
    assert service.poll(job, None).status_code == 401, "nothing was tried"
    assert service.poll(job, token).status_code == 200


@pytest.mark.parametrize(("path", "name"), [("/api/blobs/none", "links"), ("/readyz", "readiness")])
def test_previews_and_readiness_are_limited_by_address(
    service: Service, monkeypatch: pytest.MonkeyPatch, path: str, name: str
) -> None:
    monkeypatch.setattr(getattr(service.services.limits, name), "_rule", Rule("of these", name, 3))

    statuses = [service.client.get(path).status_code for _ in range(4)]

    assert 429 not in statuses[:3]
    assert statuses[3] == 429
    assert service.client.get("/healthz").status_code == 200


def test_without_a_place_a_poll_is_answered_at_once_and_a_stream_is_refused(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, token = service.submitted()
    tag = service.poll(job, token).headers["ETag"]
    monkeypatch.setattr(service.services.limits, "_held_per_session", 1)
    here = vars(vars(service.services.limits)["_semaphores"])["_here"]
    here[Semaphore("held-by-session", Sessions(KEYS).owner(token.encode()) or "", 1)] = 1

    polled = service.poll(job, token, If_None_Match=tag, Prefer="wait=30")
    streamed = service.client.get(f"/api/status/{job}/stream", headers={"X-Session-Token": token})

    assert polled.status_code == 304
    assert "Preference-Applied" not in polled.headers
    assert error_of(streamed) == (429, "TOO_MANY_REQUESTS")
    assert int(streamed.headers["Retry-After"]) > 0
