"""Limits how many runs execute at once, so that a photo that crashes its worker affects few others.

    never lost a worker   beside as many others as the process may run
    lost one              beside a few: the square root of that
    lost two              alone

A run enters only if its own losses and those of all runs inside allow it. So a photo that crashes its worker ends every
run beside it the first time, a few of them the second time, and none the third time, which is its last: no other upload
can lose three attempts by it. After a machine dies and all its uploads have lost one worker, they run a few at a time.

Runs enter in the order of arrival. A run's limit on its company ends after PATIENCE_SECONDS: a slow run must not block
the process, and runs that join it then have a loss to spare.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from math import sqrt
from threading import Condition
from time import monotonic
from typing import Final

PATIENCE_SECONDS: Final = 30.0
PATIENCE_CHECK_SECONDS: Final = 0.5
"""How often a waiting run checks whether another one has waited for too long."""


class Guest:
    """A run at the gate: how many may be inside while it is, itself included."""

    def __init__(self, company: int) -> None:
        self.company = company
        self.entered_at = 0.0

    def minds(self, inside: int) -> bool:
        """Whether so many are too many for it."""
        return inside > self.company and monotonic() - self.entered_at < PATIENCE_SECONDS


class Gate:
    """Lets the runs of one process in."""

    def __init__(self, max_runs: int) -> None:
        self._companies = (max_runs, max(1, round(sqrt(max_runs))), 1)
        self._waiting: deque[Guest] = deque()
        self._inside: set[Guest] = set()
        self._closed = False
        self._changed = Condition()

    @contextmanager
    def entered(self, losses: int) -> Iterator[bool]:
        """Be inside, after having waited for it; False if the gate was closed before."""
        guest = Guest(self._companies[min(losses, len(self._companies) - 1)])
        let_in = self._wait(guest)
        try:
            yield let_in
        finally:
            with self._changed:
                self._inside.discard(guest)
                self._changed.notify_all()

    def close(self) -> None:
        """Let no further run in."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wait(self, guest: Guest) -> bool:
        with self._changed:
            self._waiting.append(guest)
            while not (self._closed or (self._waiting[0] is guest and self._fits(guest))):
                self._changed.wait(PATIENCE_CHECK_SECONDS)
            self._waiting.remove(guest)
            if not self._closed:
                guest.entered_at = monotonic()
                self._inside.add(guest)
            self._changed.notify_all()
            return not self._closed

    def _fits(self, guest: Guest) -> bool:
        inside = len(self._inside) + 1
        return inside <= guest.company and not any(other.minds(inside) for other in self._inside)
