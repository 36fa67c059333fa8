"""Places for the processes that open pictures. A client that sent many photos does not hold up another one's.

a run of the first lane   takes any free place, before those that stand behind
a run that stands behind  leaves one place free while a run of the first lane is under way; alone it takes all
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID


class Places:
    """A bounded number of places."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._free = places
        self._first_runs = 0
        self._first_waiting = 0
        self._changed = threading.Condition()
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
        """Have a place, after having waited for it."""
        self._wait()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _count_runs(self, change: int) -> None:
        with self._changed:
            self._first_runs += change
            self._changed.notify_all()

    def _wait(self) -> None:
        behind = getattr(self._thread, "behind", False)
        with self._changed:
            self._first_waiting += not behind
            try:
                self._changed.wait_for(self._may_follow if behind else lambda: self._free > 0)
                self._free -= 1
            finally:
                self._first_waiting -= not behind
                self._changed.notify_all()

    def _may_follow(self) -> bool:
        kept_free = 1 if self._first_runs and self._places > 1 else 0
        return self._free > kept_free and not self._first_waiting
