"""Limits over Redis: what it holds, how it is when Redis is away, and places over two processes."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from redis import Redis

from app.limits import semaphores
from app.limits.errors import TooManyRequestsError
from app.limits.limits import Limits, open_limits
from app.settings.environment import Settings
from tests.servers import running_valkey
from tests.waiting import until

ADDRESS = "2001:db8:1:2::7"
KEYS = ("a key of the tests that is long enough",)


@contextmanager
def limits(redis_url: str, **settings: Any) -> Iterator[Limits]:  # noqa: ANN401 - the fields of Settings
    """The limits of one process."""
    with ExitStack() as stack:
        yield open_limits(Settings(redis_url=redis_url, secret_keys=KEYS, **settings), stack)


async def uploads(limits: Limits, count: int, address: str = ADDRESS) -> int:
    """How many of so many uploads are taken."""
    taken = 0
    for _ in range(count):
        try:
            await limits.count_upload(address, "a hash")
            taken += 1
        except TooManyRequestsError:
            pass
    return taken


def test_redis_holds_no_address_and_no_hash_of_a_session_and_forgets(valkey_url: str) -> None:
    with limits(valkey_url, uploads_per_minute=9) as ours, Redis.from_url(valkey_url, decode_responses=True) as redis:
        asyncio.run(uploads(ours, 2))

        names = list(redis.scan_iter("*"))
        assert len(names) == 3
        assert not any("2001" in name or "hash" in name for name in names)
        assert all(0 < redis.ttl(name) <= 62 for name in names)


def test_without_redis_each_process_gives_a_quarter_and_never_nothing(valkey_url: str) -> None:
    del valkey_url
    with running_valkey() as valkey, limits(valkey.url, uploads_per_minute=20) as ours:
        before = asyncio.run(uploads(ours, 1))
        valkey.stop()
        assert before == 1
        assert asyncio.run(uploads(ours, 20)) == 5
        assert asyncio.run(uploads(ours, 20, "192.0.2.1")) == 0, "the session has none left"


def test_a_clock_of_redis_that_stepped_back_does_not_keep_a_client_out(valkey_url: str) -> None:
    with limits(valkey_url, uploads_per_minute=2) as ours, Redis.from_url(valkey_url, decode_responses=True) as redis:
        asyncio.run(uploads(ours, 2))
        for name in redis.scan_iter("*"):
            redis.delete(name)
            redis.hset(name, "9999999999", "2")

        assert asyncio.run(uploads(ours, 2)) == 2


def test_what_one_process_does_alone_is_free_soon_after_it_was_killed(
    valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(semaphores, "LEASE_SECONDS", 2)
    monkeypatch.setattr(semaphores, "RENEWAL_SECONDS", 0.1)

    async def is_free(limits: Limits) -> bool:
        async with limits.alone("a key") as is_alone:
            return is_alone

    async def killed(limits: Limits, other: Limits, end_of_lease: Callable[[], float]) -> bool:
        async with limits.alone("a key"):
            first = end_of_lease()
            await asyncio.to_thread(until, lambda: end_of_lease() > first, "it is not renewed")
            was_free = await is_free(other)
            # From now on it is neither renewed nor given back.
            monkeypatch.setattr(vars(limits)["_semaphores"], "_shared", None)
        return was_free

    with limits(valkey_url) as one, limits(valkey_url) as two, Redis.from_url(valkey_url) as redis:

        def end_of_lease() -> float:
            ((_, end),) = [redis.zrange(name, 0, -1, withscores=True)[0] for name in redis.scan_iter("*:alone:*")]
            return float(end)

        assert not asyncio.run(killed(one, two, end_of_lease))
        until(lambda: asyncio.run(is_free(two)), "it is not free although its process is gone")


def test_places_are_shared_by_processes_and_end_with_a_process_that_is_killed(valkey_url: str) -> None:
    async def visit(one: Limits, two: Limits) -> list[bool]:
        async with one.held(ADDRESS, "s", 40) as first, two.held(ADDRESS, "s", 40) as second:
            had = [bool(first), bool(second)]
        async with two.held(ADDRESS, "s", 40) as again:
            had.append(bool(again))
        return had

    with limits(valkey_url, held_per_session=1) as one, limits(valkey_url, held_per_session=1) as two:
        had = asyncio.run(visit(one, two))
        with Redis.from_url(valkey_url) as redis:
            assert all(redis.ttl(name) <= 41 for name in redis.scan_iter("*"))
    assert had[:2] == [True, False]
