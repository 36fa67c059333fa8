"""Limits how many bytes of photos this process receives at once: in all, and from one client address.

A photo that is not whole yet lies in a temporary file. Without a bound, clients that never finish would fill the disk.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.limits.networks import networks_of
from domain.errors import UnavailableError

Count = Callable[[int], None]
"""Counts so many bytes more. Raises TooMuchInFlightError."""


class TooMuchInFlightError(UnavailableError):
    """Too many bytes of photos are on their way at the moment. Please try again."""


class BytesInFlight:
    """Counts on one event loop. Without a limit, 0, everything is let in."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._total = 0
        self._by_address: Counter[str] = Counter()

    @contextmanager
    def of(self, address: str) -> Iterator[Count]:
        """Count the bytes of one photo of this address, which are forgotten at the end."""
        address = networks_of(address)[0]
        own = 0

        def count(size: int) -> None:
            nonlocal own
            if self._limit and (
                self._total + size > self._limit or self._by_address[address] + size > self._limit // 2
            ):
                raise TooMuchInFlightError
            own += size
            self._total += size
            self._by_address[address] += size

        try:
            yield count
        finally:
            self._total -= own
            self._by_address[address] -= own
            if not self._by_address[address]:
                del self._by_address[address]
