"""How many uploads a client address may send in a minute: a sliding window in this process's memory.

An IPv6 client counts by its /64: one customer has that many addresses, so a limit by address would be none.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from typing import Final

from domain.errors import DarkroomError

WINDOW_SECONDS: Final = 60.0


def counted_as(address: str) -> str:
    """What an address counts as: an IPv6 address as its /64, an IPv4 address and any other text as itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address


class TooManyUploadsError(DarkroomError):
    """Too many uploads or retries came from this address. Please wait a moment."""

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class UploadRate:
    """Counts uploads by address. Without a limit, 0, it counts nothing."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        # By address, the one that sent last at the end; an address is forgotten with its last upload's minute.
        self._sent: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, address: str) -> None:
        """Count an upload. Raises TooManyUploadsError; a refused one does not count."""
        if not self._per_minute:
            return
        address = counted_as(address)
        now = self._clock()
        self._forget(now - WINDOW_SECONDS)
        sent = self._sent.setdefault(address, deque())
        while sent and sent[0] <= now - WINDOW_SECONDS:
            sent.popleft()
        if len(sent) >= self._per_minute:
            raise TooManyUploadsError(ceil(sent[0] + WINDOW_SECONDS - now))
        sent.append(now)
        self._sent.move_to_end(address)

    def _forget(self, before: float) -> None:
        while self._sent and next(iter(self._sent.values()))[-1] <= before:
            self._sent.popitem(last=False)
