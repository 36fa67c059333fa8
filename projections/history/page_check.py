"""Compares the pages of a log with their seals, one after the other, and says in a sentence what is wrong with one."""

from collections.abc import Callable, Sequence

from projections.history.merkle import root
from projections.history.seals import GENESIS, PAGE, Chain, Seal, leaf_of, seal_hash
from projections.log.event_log import LoggedEvent

NextSeal = Callable[[int], Seal | None]
"""The seal of the first page after the one that begins at this position."""


class PageCheck:
    """The pages sealed up to a position. A changed page is reported once; the pages after it are not."""

    def __init__(self, sealed_up_to: int, next_seal: NextSeal) -> None:
        self._sealed_up_to = sealed_up_to
        self._next_seal = next_seal
        self._end = 0
        self._before: bytes | None = GENESIS  # None: the hash before is not known, because its page has a fault

    def difference(self, first: int, stored: Seal | None, events: Sequence[LoggedEvent]) -> str | None:
        """What is wrong with the page that begins at `first`; None if it is as it was sealed, or not sealed yet."""
        if stored is None and events[0].position > self._sealed_up_to:
            return None
        if stored is None:
            sentence: str | None = self._without_seal(first, events)
        else:
            sentence = _of_seal(stored) or _of_events(stored, events) or self._of_order(stored)
        self._before = stored.hash if stored and not sentence else None
        self._end = first + PAGE - 1
        return sentence

    def _without_seal(self, first: int, events: Sequence[LoggedEvent]) -> str:
        following = self._next_seal(first)
        if following and following.previous == self._before:
            return f"{events[0].position}: an event was put in: no page with this position was sealed."
        return f"{first}-{first + PAGE - 1}: the seal of this page was removed."

    def _of_order(self, stored: Seal) -> str | None:
        if self._before in {None, stored.previous}:
            return None
        if stored.first > self._end + 1:
            return f"{self._end + 1}-{stored.first - 1}: the events were removed, and their seals too."
        return f"{stored.bounds}: the seal was changed: it does not follow the seal of the page before."


def _of_seal(stored: Seal) -> str | None:
    expected = seal_hash(stored.first, stored.last, stored.count, stored.root, stored.previous)
    return (
        None
        if expected == stored.hash
        else f"{stored.bounds}: the seal was changed: its hash is not over what it says."
    )


def _of_events(stored: Seal, events: Sequence[LoggedEvent]) -> str | None:
    chain = Chain()
    for logged in events:
        if logged.position <= stored.last:
            chain.add(logged.position, leaf_of(logged))
    newest = chain.newest
    if newest and (newest.count, newest.root) == (stored.count, stored.root):
        return None
    count = newest.count if newest else 0
    if count == stored.count:
        return (
            f"{stored.bounds}: an event was changed or moved: {count} events are here, but not those that were sealed."
        )
    if count == stored.count + 1 and (position := _put_in(stored, events)):
        return f"{position}: an event was put in: without it, {stored.bounds} is what was sealed."
    what = "an event was removed" if count < stored.count else "an event was put in"
    return f"{stored.bounds}: {what}: {stored.count} events were sealed, and {count} are here."


def _put_in(stored: Seal, events: Sequence[LoggedEvent]) -> int | None:
    """The position of the one event without which the page is what was sealed; None if there is none."""
    leaves = {logged.position: leaf_of(logged) for logged in events if logged.position <= stored.last}
    for position in leaves:
        if root([hashed for each, hashed in leaves.items() if each != position]) == stored.root:
            return position
    return None
