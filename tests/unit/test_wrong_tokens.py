"""An address that sends wrong staff tokens must wait before each further try. A good token is not delayed."""

import asyncio

import pytest

from app.limits.wrong_tokens import FORGET_SECONDS, FREE, LONGEST_LINE, TooManyWrongTokensError, WrongTokens

GUESSER = "192.0.2.7"


class Watch:
    """A clock that moves by itself while something waits, and remembers each wait."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)


def slowed(watch: Watch, wrong: int = FREE) -> WrongTokens:
    tokens = WrongTokens(watch, watch.wait)
    for number in range(wrong):
        tokens.count(GUESSER, f"guess {number}")
    return tokens


def test_the_first_mistakes_cost_nothing() -> None:
    watch = Watch()
    asyncio.run(slowed(watch, FREE - 1).hold(GUESSER, "guess"))
    assert watch.waits == []


def test_each_further_try_waits_behind_the_one_before() -> None:
    watch = Watch()
    tokens = slowed(watch)

    async def tries() -> None:
        await asyncio.gather(*(tokens.hold(GUESSER, "guess") for _ in range(3)))

    asyncio.run(tries())
    assert watch.waits == [1.0, 2.0, 3.0]


def test_more_than_a_few_tries_at_once_are_refused() -> None:
    tokens = slowed(Watch())

    async def tries() -> list[object]:
        waiting = (tokens.hold(GUESSER, "guess") for _ in range(LONGEST_LINE + 2))
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    refused = [answer for answer in asyncio.run(tries()) if answer is not None]
    assert [type(error) for error in refused] == [TooManyWrongTokensError] * 2
    assert TooManyWrongTokensError.retry_after > 0


def test_a_colleague_behind_the_same_address_and_another_address_do_not_wait() -> None:
    watch = Watch()
    tokens = slowed(watch)
    tokens.remember("good")
    asyncio.run(tokens.hold(GUESSER, "good"))
    asyncio.run(tokens.hold("192.0.2.8", "guess"))
    assert watch.waits == []


def test_a_good_token_that_was_revoked_waits_like_any_other() -> None:
    watch = Watch()
    tokens = slowed(watch)
    tokens.remember("good")
    tokens.count(GUESSER, "good")
    asyncio.run(tokens.hold(GUESSER, "good"))
    assert watch.waits == [1.0]


def test_an_ipv6_client_is_counted_by_its_network() -> None:
    watch = Watch()
    tokens = WrongTokens(watch, watch.wait)
    for number in range(FREE):
        tokens.count(f"2001:db8::{number:x}", "guess")
    asyncio.run(tokens.hold("2001:db8::ffff", "guess"))
    assert watch.waits == [1.0]


@pytest.mark.parametrize(("later", "waits"), [(FORGET_SECONDS, [1.0]), (FORGET_SECONDS + 1, [])])
def test_after_a_while_it_is_forgotten(later: float, waits: list[float]) -> None:
    watch = Watch()
    tokens = slowed(watch)
    watch.now += later
    asyncio.run(tokens.hold(GUESSER, "guess"))
    assert watch.waits == waits
