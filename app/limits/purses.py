"""Counts polls without a round trip for each: a process takes several permits at once and spends them from memory.

A purse is filled in the background when half of it is spent. A poll waits for Redis when it is the first of its client,
here or after PERMIT_SECONDS, and towards the end of a quota, where what is taken ahead shrinks to one: so over all
processes the quota is exact. Two things are not. While more than a quarter remained when this process last asked, a
client that outruns the filling has CREDIT: so many polls may be answered that Redis has not counted. And what a process
took ahead and did not spend within PERMIT_SECONDS is lost to the client.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Final

from app.limits.counting import Counting
from app.limits.counts import Call, Grant
from app.limits.errors import TooManyRequestsError
from app.limits.policies import Ask, Fields, Rule, Standing

AHEAD: Final = 256
"""The most permits that one filling takes."""
CREDIT: Final = 30
"""More than an honest client asks in a minute for one upload."""
PERMIT_SECONDS: Final = 20.0
REFUSED_SECONDS: Final = 1.0
"""How long a refusal is remembered at most: a flood of refused requests asks Redis once in this time."""
MOST: Final = 50_000
"""Clients whose purses are kept, at about 1 KB each. The oldest is forgotten first, with its permits."""


class Purse:
    """The permits of one client for one policy."""

    def __init__(self, ask: Ask, counting: Counting, credit: int) -> None:
        self._ask = ask
        self._policy_field = ask.policy.field.encode()
        self._counting = counting
        self._credit = credit
        self._permits = 0
        self._refill_at = 0
        self._owed = 0
        self._ends_at = 0.0
        self._refused_until = 0.0
        self._left = 0
        self._reset_at = 0.0
        self._filling: asyncio.Task[None] | None = None

    @property
    def fields(self) -> Fields:
        """The header fields of an answer."""
        field = self._ask.policy.remaining(self._remains, self._reset_at - monotonic())
        return {b"ratelimit-policy": self._policy_field, b"ratelimit": field.encode()}

    @property
    def standing(self) -> Standing:
        """How the client stands, as far as this process knows."""
        return Standing(self._ask.policy, self._remains, max(0.0, self._reset_at - monotonic()))

    @property
    def _remains(self) -> int:
        return max(0, self._left + self._permits - self._owed)

    def can_pay(self, now: float) -> bool | None:
        """Whether there is a permit or credit; None: not known before it is filled."""
        if now >= self._ends_at:
            self._permits = self._left = 0
        if self._permits:
            return True
        if now < self._refused_until:
            return False
        return True if self._owed < self._credit and self._left > self._ask.policy.quota // 4 else None

    def spend(self) -> None:
        """Spend a permit, or owe one."""
        if self._permits:
            self._permits -= 1
        else:
            self._owed += 1
        if self._permits <= self._refill_at:
            self.fill()

    def fill(self) -> asyncio.Task[None]:
        """Fill it in the background."""
        if self._filling is None:
            self._filling = asyncio.get_running_loop().create_task(self._fill())
        return self._filling

    async def _fill(self) -> None:
        try:
            owed = self._owed
            self._note(owed, await self._counting.take(Call((self._ask,), owed, AHEAD)))
        finally:
            self._filling = None

    def _note(self, owed: int, grant: Grant) -> None:
        now = monotonic()
        _, self._left, reset = grant.standings[0]
        self._reset_at = now + reset
        self._owed -= owed
        fresh = max(0, grant.given - owed)
        self._permits += fresh
        self._refill_at = fresh // 2
        self._ends_at = now + PERMIT_SECONDS
        if not fresh:
            self._refused_until = now + min(REFUSED_SECONDS, reset)


class Purses:
    """The purses of every client, for one rule."""

    def __init__(self, rule: Rule, counting: Counting, credit: int = 0) -> None:
        self._rule = rule
        self._counting = counting
        self._credit = credit
        self._purses: dict[Ask, Purse] = {}
        self._by_client: dict[tuple[str, str | None], Sequence[Purse]] = {}

    async def spend(self, address: str, session_hash: str | None = None) -> Sequence[Purse]:
        """Count a request; the purses that paid for it. Raises TooManyRequestsError."""
        while (paid := self.spend_at_once(address, session_hash)) is None:
            unknown = self._unknown(self._of(address, session_hash))
            if unknown:
                await asyncio.shield(unknown.fill())  # one client that leaves does not end it for the others
        return paid

    def spend_at_once(self, address: str, session_hash: str | None = None) -> Sequence[Purse] | None:
        """The same; None, and nothing is counted, where Redis must be asked first. Raises TooManyRequestsError."""
        purses = self._of(address, session_hash)
        if self._unknown(purses):
            return None
        for purse in purses:
            purse.spend()
        return purses

    def _unknown(self, purses: Sequence[Purse]) -> Purse | None:
        """The purse that must be filled before the request is answered. Raises TooManyRequestsError."""
        now = monotonic()
        unknown = None
        for purse in purses:
            can_pay = purse.can_pay(now)
            if can_pay is None:
                unknown = purse
            elif not can_pay:
                raise TooManyRequestsError.of(self._rule.what, purse.standing)
        return unknown

    def _of(self, address: str, session_hash: str | None) -> Sequence[Purse]:
        found = self._by_client.get((address, session_hash))
        if found is not None:
            return found
        purses = [self._purse(ask) for ask in self._rule.asks(address, session_hash)]
        if len(self._by_client) >= MOST:
            del self._by_client[next(iter(self._by_client))]
        self._by_client[address, session_hash] = purses
        return purses

    def _purse(self, ask: Ask) -> Purse:
        purse = self._purses.get(ask)
        if purse is None:
            if len(self._purses) >= MOST:
                del self._purses[next(iter(self._purses))]
            purse = self._purses[ask] = Purse(ask, self._counting, self._credit)
        return purse


NO_FIELDS: Final[Fields] = {}


def fields_of_first(purses: Sequence[Purse]) -> Fields:
    """The header fields of an answer to a poll: those of its first policy alone, because polls are many."""
    return purses[0].fields if purses else NO_FIELDS
