"""Slots for the processes that open pictures. A client that sent many photos does not hold up another one's.

a run of the first lane   takes any free slot, before those that stand behind
a run that stands behind  leaves one slot free while a run of the first lane is under way; alone it takes all

However busy the first lane is, those that stand behind are given a slot every SHARE_SECONDS. In each lane the one that
has waited longest is next.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import Final
from uuid import UUID

SHARE_SECONDS: Final = 10.0
"""In so long the first lane waits once for a picture of those behind."""


class _Waiter:
    """A thread that wants a slot."""

    def __init__(self, lock: threading.Lock, *, behind: bool) -> None:
        self.behind = behind
        self.since = monotonic()
        self.turn = threading.Condition(lock)
        """Its own, so that a slot wakes the one whose turn it is and no other."""


class ImageSlots:
    """A bounded number of slots."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._free = slots
        self._first_runs = 0
        self._waiting: list[_Waiter] = []
        self._behind_at = -inf
        """When one that stands behind was given a slot."""
        self._lock = threading.Lock()
        self._thread = threading.local()

    @contextmanager
    def run(self, *, behind: bool) -> Iterator[None]:
        """Say in which lane this thread's run is, as long as it lasts."""
        self._thread.behind = behind
        self._count_runs(0 if behind else 1)
        try:
            yield
        finally:
            self._thread.behind = False
            self._count_runs(0 if behind else -1)

    def in_lane(self, do: Callable[[UUID], None], *, behind: bool) -> Callable[[UUID], None]:
        """The same, done as a run of a lane."""

        def do_in_lane(upload_id: UUID) -> None:
            with self.run(behind=behind):
                do(upload_id)

        return do_in_lane

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have a slot, after having waited for it."""
        self._wait()
        try:
            yield
        finally:
            with self._lock:
                self._free += 1
                self._call_next()

    def _count_runs(self, change: int) -> None:
        with self._lock:
            self._first_runs += change
            self._call_next()

    def _wait(self) -> None:
        with self._lock:
            me = _Waiter(self._lock, behind=getattr(self._thread, "behind", False))
            self._waiting.append(me)
            try:
                while self._next() is not me:
                    me.turn.wait(self._seconds_to_look_again(me))
                self._free -= 1
                if me.behind:
                    self._behind_at = monotonic()
            finally:
                self._waiting.remove(me)
                self._call_next()

    def _seconds_to_look_again(self, waiter: _Waiter) -> float | None:
        """Until its share is due: it becomes due by the clock alone, and no thread tells it."""
        if not waiter.behind:
            return None
        left = self._shared_at(waiter) - monotonic()
        return left if left > 0 else SHARE_SECONDS

    def _call_next(self) -> None:
        if waiter := self._next():
            waiter.turn.notify()

    def _next(self) -> _Waiter | None:
        """Who may have a slot now."""
        if not self._free:
            return None
        first, behind = (next((one for one in self._waiting if one.behind is lane), None) for lane in (False, True))
        if behind and monotonic() >= self._shared_at(behind):
            return behind
        kept_free = 1 if self._first_runs and self._slots > 1 else 0
        return first or (behind if self._free > kept_free else None)

    def _shared_at(self, behind: _Waiter) -> float:
        """From when on the first lane waits for it."""
        return max(behind.since, self._behind_at) + SHARE_SECONDS
