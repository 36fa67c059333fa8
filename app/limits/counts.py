"""How requests are counted: a window is cut into SLOTS slots. Those of a minute are a second each.

A request counts for a window and up to a slot more, so that no window has more than the quota.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from app.limits.policies import Ask, Standing

SLOTS: Final = 60
SHARE: Final = 16
"""The part of the remaining quota that one process may take ahead. It shrinks to one towards the end of the quota."""


class Call(Struct, frozen=True):
    """A demand for `owed` requests of every ask together, and for at most `ahead` more."""

    asks: Sequence[Ask]
    owed: int = 1
    ahead: int = 0


class Grant(Struct, frozen=True):
    """How many requests were given, 0 for a refusal, and how the asks stand afterwards."""

    given: int
    standings: Sequence[Standing]

    @property
    def tightest(self) -> Standing:
        """The standing with the least left; of those, the one that lasts longest."""
        return min(self.standings, key=lambda standing: (standing.left, -standing.reset))


def amount(call: Call, lefts: Sequence[int]) -> int:
    """How many requests a call gets of what remains for each ask."""
    ahead = (min(call.ahead, max(1, left // SHARE)) for left in lefts)
    return min(min(left, call.owed + more) for left, more in zip(lefts, ahead, strict=True))
