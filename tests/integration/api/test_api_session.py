"""The session of a token: it is renewed while it is used, and its owner or staff can end it at once."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from anyio import to_thread
from psycopg_pool import ConnectionPool

from app.signing.ended import EndedSessions
from app.signing.sessions import Sessions
from projections.log.pools import async_pool
from projections.queries.status import StatusReader
from tests.api_services import KEYS
from tests.integration.api.service import KEY, Service, error_of
from tests.waiting import until


def test_an_ended_session_is_refused_everywhere_and_another_is_not(service: Service) -> None:
    job, token = service.submitted()
    other_job, other = service.submitted()
    headers = {"X-Session-Token": token}
    assert service.poll(job, token).status_code == 200

    ended = service.client.delete("/api/session", headers=headers)

    assert (ended.status_code, ended.json()) == (200, {"success": True, "ended": True})
    asks: list[Callable[[], httpx.Response]] = [
        lambda: service.poll(job, token),
        lambda: service.client.get(f"/api/status/{job}/stream", headers=headers),
        lambda: service.result(job, token),
        lambda: service.post(X_Session_Token=token),
        lambda: service.client.post(f"/api/uploads/{job}/cancel", headers=headers),
        lambda: service.client.delete(f"/api/uploads/{job}", headers=headers),
        lambda: service.client.delete("/api/session", headers=headers),
    ]
    assert [error_of(ask()) for ask in asks] == [(401, "UNAUTHORIZED")] * len(asks)
    assert service.poll(other_job, other).status_code == 200


def test_the_key_of_an_ended_session_does_not_open_it_again(service: Service) -> None:
    token = service.post(Idempotency_Key=KEY).json()["sessionToken"]
    service.client.delete("/api/session", headers={"X-Session-Token": token})

    assert error_of(service.post(Idempotency_Key=KEY)) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("token", [None, "forged"])
def test_without_a_token_of_ours_no_session_is_ended(service: Service, token: str | None) -> None:
    headers = {"X-Session-Token": token} if token else {}

    assert error_of(service.client.delete("/api/session", headers=headers)) == (401, "UNAUTHORIZED")


def test_every_answer_to_an_owner_carries_a_new_token_in_the_second_half_of_its_life(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, token = service.submitted()
    assert "X-Session-Token" not in service.poll(job, token).headers
    later = time.time() + timedelta(days=46).total_seconds()
    monkeypatch.setattr(service.sessions, "_clock", lambda: later)

    polled = service.poll(job, token)
    unmoved = service.poll(job, token, If_None_Match=polled.headers["ETag"])
    posted = service.post(X_Session_Token=token)

    headers = {"X-Session-Token": token}
    cancelled = service.client.post(f"/api/uploads/{job}/cancel", headers=headers)
    service.lives.project()
    streamed = service.client.get(f"/api/status/{job}/stream", headers=headers)
    retried = service.client.post(f"/api/uploads/{job}/retry", headers=headers)
    assert [answer.status_code for answer in (cancelled, streamed, retried)] == [202, 200, 202]
    result = service.result(service.complete(job), token)

    for answer in (polled, unmoved, posted, cancelled, streamed, retried, result):
        renewed = answer.headers["X-Session-Token"]
        assert renewed != token
        assert Sessions(KEYS, clock=lambda: later).owner(renewed.encode()) == service.sessions.owner(token.encode())
        assert service.poll(job, renewed).status_code == 200
    assert "X-Session-Token" not in service.poll(job, posted.headers["X-Session-Token"]).headers


def test_a_session_that_another_process_ended_is_known_at_the_next_refresh(
    database_url: str, pool: ConnectionPool[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.signing.ended.REFRESH_SECONDS", 0.01)
    theirs, ours = EndedSessions(pool), EndedSessions(pool)
    assert theirs.end("before")
    assert not theirs.end("before")

    async def follow() -> None:
        polls = async_pool(database_url, 1, "test")
        async with polls, ours.followed(StatusReader(polls)):
            assert "before" in ours
            theirs.end("after")
            await to_thread.run_sync(until, lambda: "after" in ours, "the other process does not know")

    asyncio.run(follow())
    assert "after" in theirs


def test_a_token_dated_ahead_ends_a_lifetime_after_it_was_first_seen(
    database_url: str, pool: ConnectionPool[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.signing.ended.REFRESH_SECONDS", 0.01)
    ours, restarted = EndedSessions(pool), EndedSessions(pool)
    ours.end_later("over", 0)
    ours.end_later("lives", 3600)

    async def follow() -> None:
        polls = async_pool(database_url, 2, "test")
        async with polls, ours.followed(StatusReader(polls)):
            await to_thread.run_sync(until, lambda: "over" in ours, "its end is not known")
            ours.end_later("over", 3600)
            async with restarted.followed(StatusReader(polls)):
                assert "over" in restarted
                assert "lives" not in restarted

    asyncio.run(follow())
    with pool.connection() as connection:
        found = connection.execute("SELECT token_hash, ends_at < now() FROM early_tokens ORDER BY 1").fetchall()
    assert found == [("lives", False), ("over", True)]
