"""Waiting for a fact, with a deadline: the tests' only way to let time pass."""

import time
from collections.abc import Callable
from typing import Final

BUSY_SECONDS: Final = 15.0
"""What a busy machine may add to a bound. Whatever has none takes a minute, or for ever."""


def until(fact: Callable[[], bool], claim: str, seconds: float = 90) -> None:
    """Return as soon as it is so; fail with the claim when it is not in time."""
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, claim
        time.sleep(0.01)
