"""Counts in this process's memory, with a part of each quota: what limits while Redis is away."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from app.limits.counts import SLOTS, Call, Grant, amount
from app.limits.policies import Ask, Standing

PROCESSES: Final = 4
"""Each process gives this part of a quota while Redis is away, as if so many processes served. Never less than one."""

Slots = dict[int, int]


class LocalCounts:
    """Counts for one process. `processes` is the divisor of each quota."""

    def __init__(self, processes: int = PROCESSES, clock: Callable[[], float] = time.monotonic) -> None:
        self._processes = processes
        self._clock = clock
        # The one that was counted last is at the end; it is forgotten with its last request's minute.
        self._slots: OrderedDict[Ask, Slots] = OrderedDict()

    def take(self, call: Call) -> Grant:
        """Give what remains of every ask; a refused call does not count."""
        now = self._clock()
        self._forget(now)
        counted = [self._counted(ask, now) for ask in call.asks]
        lefts = [max(0, self.share(ask) - sum(slots.values())) for ask, slots in zip(call.asks, counted, strict=True)]
        given = amount(call, lefts)
        standings = []
        for ask, slots, left in zip(call.asks, counted, lefts, strict=True):
            slot = _slot(ask, now)
            if given:
                slots[slot] = slots.get(slot, 0) + given
                self._slots[ask] = slots
                self._slots.move_to_end(ask)
            reset = (min(slots, default=slot) + SLOTS + 1) * _width(ask) - now
            standings.append(Standing(ask.policy, left - given, reset))
        return Grant(given, standings)

    def share(self, ask: Ask) -> int:
        """This process's part of the quota."""
        return max(1, ask.policy.quota // self._processes)

    def _counted(self, ask: Ask, now: float) -> Slots:
        oldest = _slot(ask, now) - SLOTS
        return {slot: count for slot, count in self._slots.get(ask, {}).items() if slot >= oldest}

    def _forget(self, now: float) -> None:
        while self._slots:
            ask, slots = next(iter(self._slots.items()))
            if max(slots) >= _slot(ask, now) - SLOTS:
                return
            del self._slots[ask]


def _width(ask: Ask) -> float:
    return ask.policy.seconds / SLOTS


def _slot(ask: Ask, now: float) -> int:
    return int(now // _width(ask))
