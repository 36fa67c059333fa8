"""The cache of one value: how often it is read, and what is answered when it cannot be read."""

import asyncio
from collections.abc import Iterable

import pytest

from domain.errors import LogUnavailableError
from projections.queries.cache import RETRY_SECONDS, TimedCache


class Hands:
    """A clock that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Query:
    """Returns 1, 2, 3 and so on, or raises the given errors in between."""

    def __init__(self, errors: Iterable[Exception | None] = ()) -> None:
        self.asked = 0
        self.was_asked = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self._errors = iter(errors)

    async def __call__(self) -> int:
        self.asked += 1
        self.was_asked.set()
        answer = self.asked
        await self.may_go_on.wait()
        if error := next(self._errors, None):
            raise error
        return answer


def test_many_calls_at_once_run_one_query() -> None:
    async def ask() -> None:
        query = Query()
        cache = TimedCache(query, 10)

        assert await asyncio.gather(*(cache.get() for _ in range(50))) == [1] * 50
        assert query.asked == 1

    asyncio.run(ask())


def test_a_value_is_read_again_after_its_maximum_age() -> None:
    async def ask() -> None:
        clock = Hands()
        cache = TimedCache(Query(), 10, clock)

        answers = []
        for _ in range(4):
            answers.append(await cache.get())
            clock.now += 5
        assert answers == [1, 1, 2, 2]

    asyncio.run(ask())


def test_a_value_that_is_not_accepted_is_read_again_once() -> None:
    async def ask() -> None:
        cache = TimedCache(Query(), 10)
        await cache.get()

        assert await cache.get(accept=lambda answer: answer > 5) == 2
        assert await cache.get() == 2

    asyncio.run(ask())


def test_a_running_query_is_joined_and_run_again_only_if_its_value_is_not_accepted() -> None:
    async def ask() -> None:
        query = Query()
        query.may_go_on.clear()
        cache = TimedCache(query, 10)
        first = asyncio.create_task(cache.get())
        await query.was_asked.wait()
        joins = asyncio.create_task(cache.get())
        newer = [asyncio.create_task(cache.get(accept=lambda answer: answer > 1)) for _ in range(3)]
        await asyncio.sleep(0)
        query.may_go_on.set()

        assert (await first, await joins) == (1, 1)
        assert await asyncio.gather(*newer) == [2] * 3
        assert query.asked == 2

    asyncio.run(ask())


def test_while_the_query_fails_the_old_value_stays() -> None:
    async def ask() -> None:
        clock = Hands()
        query = Query([None, LogUnavailableError()])
        cache = TimedCache(query, 10, clock)
        await cache.get()
        clock.now += 11

        assert await cache.get() == 1
        assert await cache.get() == 1
        assert query.asked == 2
        clock.now += 11
        assert await cache.get() == 3

    asyncio.run(ask())


def test_without_any_value_the_cache_returns_none() -> None:
    async def ask() -> None:
        clock = Hands()
        cache = TimedCache(Query([LogUnavailableError()]), 10, clock)

        assert await cache.get() is None
        clock.now += RETRY_SECONDS
        assert await cache.get() == 2

    asyncio.run(ask())


def test_an_unexpected_error_fails_no_call_and_is_not_repeated_by_every_caller() -> None:
    async def ask() -> None:
        now = [0.0]
        cache = TimedCache(Query([RuntimeError("a mistake")]), 10, lambda: now[0])

        assert await asyncio.gather(*(cache.get() for _ in range(3))) == [None] * 3
        assert await cache.get() is None
        now[0] = 11.0
        assert await cache.get() == 2

    asyncio.run(ask())


def test_a_cancelled_call_does_not_cancel_the_others() -> None:
    async def ask() -> None:
        cache = TimedCache(Query(), 10)
        gone, stays = (asyncio.create_task(cache.get()) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()

        assert await stays == 1
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(ask())


def test_a_value_that_was_never_read_is_not_asked_for_by_every_call_while_postgresql_is_away() -> None:
    async def ask() -> None:
        clock = Hands()
        query = Query([LogUnavailableError()] * 2)
        cache = TimedCache(query, 10, clock)

        assert [await cache.get() for _ in range(50)] == [None] * 50
        assert query.asked == 1
        clock.now += RETRY_SECONDS
        assert await cache.get() is None
        clock.now += RETRY_SECONDS
        assert await cache.get() == 3

    asyncio.run(ask())
