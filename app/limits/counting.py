"""Counts requests in Redis, and in the memory of this process while Redis is away. So there is always a limit."""

from app.limits.counts import Call, Grant
from app.limits.local import LocalCounts
from app.limits.shared import SharedCounts


class Counting:
    """Takes from the shared counts, and from the local ones without them."""

    def __init__(self, shared: SharedCounts | None, local: LocalCounts) -> None:
        self._shared = shared
        self._local = local

    async def take(self, call: Call) -> Grant:
        """Give what remains of every ask; a refused call does not count."""
        grant = await self._shared.take(call) if self._shared else None
        return grant or self._local.take(call)
