"""Request slots: a request that gets none in time is refused with Retry-After; one that has begun completes."""

import asyncio
from collections.abc import Awaitable, Callable
from threading import Event

import pytest

from app.api.http.errors import answer_of
from app.api.http.slots import OverloadedError, Slots


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.http.slots.WAIT_SECONDS", 0.05)
    monkeypatch.setattr("app.api.http.slots.AGAIN_SECONDS", 0.05)


async def while_both_are_busy(slots: Slots, then: Callable[[], Awaitable[None]]) -> list[bool]:
    """Two that wait for a gate, and something else meanwhile; what the two gave."""
    gate, begun = Event(), [Event(), Event()]

    def wait(mine: Event) -> bool:
        mine.set()
        return gate.wait(30)

    busy = [asyncio.create_task(slots.run(lambda mine=mine: wait(mine))) for mine in begun]  # type: ignore[misc] # mypy knows no default of a lambda
    await asyncio.gather(*(asyncio.to_thread(mine.wait, 30) for mine in begun))
    await then()
    gate.set()
    return await asyncio.gather(*busy)


def test_one_too_many_is_told_to_come_again_and_the_others_end_well() -> None:
    async def use() -> None:
        slots = Slots(2)

        async def one_more() -> None:
            with pytest.raises(OverloadedError) as refused:
                await slots.run(lambda: True)
            answer = answer_of(refused.value)
            assert (answer.status, answer.code, answer.retry_after) == (503, "UNAVAILABLE", 2)

        assert await while_both_are_busy(slots, one_more) == [True, True]
        assert await slots.run(lambda: "again")

    asyncio.run(use())


def test_a_request_that_goes_away_while_it_waits_takes_no_thread_with_it() -> None:
    async def use() -> None:
        slots = Slots(2)

        async def one_that_goes() -> None:
            waiting = asyncio.create_task(slots.run(lambda: True))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

        await while_both_are_busy(slots, one_that_goes)
        assert await asyncio.gather(*(slots.run(lambda: True) for _ in range(2))) == [True, True]

    asyncio.run(use())


def test_a_slot_that_was_left_is_another_requests_until_it_is_needed_again() -> None:
    async def use() -> None:
        slots = Slots(1)
        async with slots.slot() as slot:
            with pytest.raises(OverloadedError):
                await slots.run(lambda: True)
            slot.leave()
            assert await slots.run(lambda: "another request")
            assert await slot.run(lambda: "again")
            with pytest.raises(OverloadedError):
                await slots.run(lambda: True)
        assert await slots.run(lambda: "at last")

    asyncio.run(use())
