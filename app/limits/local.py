"""Counts in this process's memory, with a part of each quota: what limits while Redis is away."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from app.limits.counts import SLOT_SECONDS, Call, Grant, amount
from app.limits.policies import WINDOW_SECONDS, Ask, Standing

PROCESSES: Final = 4
"""Each process gives this part of a quota while Redis is away, as if so many processes served. Never less than one."""

Slots = dict[int, int]


class LocalCounts:
    """Counts for one process. `processes` is the divisor of each quota."""

    def __init__(self, processes: int = PROCESSES, clock: Callable[[], float] = time.monotonic) -> None:
        self._processes = processes
        self._clock = clock
        # The one that was counted last is at the end; it is forgotten with its last request's minute.
        self._slots: OrderedDict[tuple[str, str], Slots] = OrderedDict()

    def take(self, call: Call) -> Grant:
        """Give what remains of every ask; a refused call does not count."""
        now = self._clock()
        slot = int(now // SLOT_SECONDS)
        oldest = slot - WINDOW_SECONDS // SLOT_SECONDS
        self._forget(oldest)
        counted = [self._counted(ask, oldest) for ask in call.asks]
        lefts = [max(0, self.share(ask) - sum(slots.values())) for ask, slots in zip(call.asks, counted, strict=True)]
        given = amount(call, lefts)
        standings = []
        for ask, slots, left in zip(call.asks, counted, lefts, strict=True):
            if given:
                slots[slot] = slots.get(slot, 0) + given
                self._slots[ask.policy.name, ask.who] = slots
                self._slots.move_to_end((ask.policy.name, ask.who))
            reset = (min(slots, default=slot) + 1) * SLOT_SECONDS + WINDOW_SECONDS - now
            standings.append(Standing(ask.policy, left - given, reset))
        return Grant(given, standings)

    def share(self, ask: Ask) -> int:
        """This process's part of the quota."""
        return max(1, ask.policy.quota // self._processes)

    def _counted(self, ask: Ask, oldest: int) -> Slots:
        slots = self._slots.get((ask.policy.name, ask.who), {})
        return {slot: count for slot, count in slots.items() if slot >= oldest}

    def _forget(self, oldest: int) -> None:
        while self._slots and max(next(iter(self._slots.values()))) < oldest:
            self._slots.popitem(last=False)
