"""The cache of one value: how often it is read, and what is answered when it cannot be read."""

import asyncio
from collections.abc import Iterable

import pytest

from domain.errors import LogUnavailableError
from projections.queries.cache import TimedCache


class Hands:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Question:
    """Answers 1, 2, 3 and so on, or with the errors that a test wants in between."""

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


def test_many_that_ask_at_once_cost_one_question() -> None:
    async def ask() -> None:
        question = Question()
        cache = TimedCache(question, 10)

        assert await asyncio.gather(*(cache.get() for _ in range(50))) == [1] * 50
        assert question.asked == 1

    asyncio.run(ask())


def test_the_answer_is_asked_for_again_when_it_is_old() -> None:
    async def ask() -> None:
        clock = Hands()
        cache = TimedCache(Question(), 10, clock)

        answers = []
        for _ in range(4):
            answers.append(await cache.get())
            clock.now += 5
        assert answers == [1, 1, 2, 2]

    asyncio.run(ask())


def test_an_answer_that_does_not_suit_is_asked_for_again_once() -> None:
    async def ask() -> None:
        cache = TimedCache(Question(), 10)
        await cache.get()

        assert await cache.get(accept=lambda answer: answer > 5) == 2
        assert await cache.get() == 2

    asyncio.run(ask())


def test_a_question_under_way_is_joined_and_asked_again_only_where_its_answer_does_not_suit() -> None:
    async def ask() -> None:
        question = Question()
        question.may_go_on.clear()
        cache = TimedCache(question, 10)
        first = asyncio.create_task(cache.get())
        await question.was_asked.wait()
        joins = asyncio.create_task(cache.get())
        newer = [asyncio.create_task(cache.get(accept=lambda answer: answer > 1)) for _ in range(3)]
        await asyncio.sleep(0)
        question.may_go_on.set()

        assert (await first, await joins) == (1, 1)
        assert await asyncio.gather(*newer) == [2] * 3
        assert question.asked == 2

    asyncio.run(ask())


def test_while_nobody_answers_the_old_answer_stays() -> None:
    async def ask() -> None:
        clock = Hands()
        question = Question([None, LogUnavailableError()])
        cache = TimedCache(question, 10, clock)
        await cache.get()
        clock.now += 11

        assert await cache.get() == 1
        assert await cache.get() == 1
        assert question.asked == 2
        clock.now += 11
        assert await cache.get() == 3

    asyncio.run(ask())


def test_without_any_answer_there_is_none() -> None:
    async def ask() -> None:
        cache = TimedCache(Question([LogUnavailableError()]), 10)

        assert await cache.get() is None
        assert await cache.get() == 2

    asyncio.run(ask())


def test_a_mistake_of_ours_is_told_to_each_that_waits_and_stops_no_later_one() -> None:
    async def ask() -> None:
        cache = TimedCache(Question([RuntimeError("a mistake")]), 10)

        told = await asyncio.gather(*(cache.get() for _ in range(3)), return_exceptions=True)
        assert [type(error) for error in told] == [RuntimeError] * 3
        assert await cache.get() == 2

    asyncio.run(ask())


def test_one_that_goes_away_takes_nobody_elses_answer_with_it() -> None:
    async def ask() -> None:
        cache = TimedCache(Question(), 10)
        gone, stays = (asyncio.create_task(cache.get()) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()

        assert await stays == 1
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(ask())
