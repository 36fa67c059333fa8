"""Logs what happens again and again: at most one line a minute for each cause, with the number of times.

A dependency that is away fails thousands of calls a minute, and a line for each would hide all others.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

import structlog

PERIOD_SECONDS: Final = 60.0
MOST_CAUSES: Final = 100
"""Causes that are told apart. More of them share one line."""
OTHERS: Final = "other causes"

log = structlog.get_logger(__name__)


class ThrottledWarning:
    """A warning that many threads may raise."""

    def __init__(self, event: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._event = event
        self._clock = clock
        self._lock = Lock()
        self._told: dict[str, float] = {}
        self._times: dict[str, int] = {}

    def warn(self, error: str, /, **facts: object) -> None:
        """Log the event with its error and facts, unless a line about this error is less than a minute old.

        `times` in the line counts the calls since the last one.
        """
        if times := self._due(error):
            log.warning(self._event, error=error, times=times, **facts)

    def _due(self, cause: str) -> int:
        now = self._clock()
        with self._lock:
            if len(self._told) >= MOST_CAUSES and cause not in self._told:
                self._forget(now)
                cause = cause if len(self._told) < MOST_CAUSES else OTHERS
            self._times[cause] = self._times.get(cause, 0) + 1
            if now < self._told.get(cause, -PERIOD_SECONDS) + PERIOD_SECONDS:
                return 0
            self._told[cause] = now
            return self._times.pop(cause)

    def _forget(self, now: float) -> None:
        for cause, at in list(self._told.items()):
            if now >= at + PERIOD_SECONDS:
                del self._told[cause]
                self._times.pop(cause, None)
