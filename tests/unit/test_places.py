"""Places for requests that wait: so many for a client at the same time."""

import asyncio
from contextlib import AsyncExitStack

from app.limits.limits import Limits
from app.settings.environment import Settings


def limits() -> Limits:
    """Limits of this process alone."""
    return Limits(Settings(held_per_session=2, held_per_address=3))


def test_a_session_and_an_address_have_so_many_places_and_get_them_back() -> None:
    async def visit() -> list[bool]:
        held = limits()
        had: list[bool] = []
        async with AsyncExitStack() as stack:
            had += [await stack.enter_async_context(held.held("192.0.2.1", session, 40)) for session in "aaabb"]
            had.append(await stack.enter_async_context(held.held("192.0.2.2", "b", 40)))
        async with held.held("192.0.2.1", "a", 40) as again:
            had.append(again)
        return had

    assert asyncio.run(visit()) == [True, True, False, True, False, True, True]


def test_zero_is_no_limit() -> None:
    async def visit() -> bool:
        held = Limits(Settings(held_per_session=0, held_per_address=0))
        async with AsyncExitStack() as stack:
            return all([await stack.enter_async_context(held.held("192.0.2.1", "a", 40)) for _ in range(100)])

    assert asyncio.run(visit())
