"""Seals the log: a reader that hashes pages of 256 positions, in order, each with the seal before.

    seal = SHA-256 of a line "darkroom seal" and a line "FIRST LAST COUNT ROOT PREVIOUS", the hashes in hexadecimal

Where a page begins does not depend on when it was sealed, so the same log has the same seals everywhere. The page that
is still open is sealed too, up to the newest event: its seal grows. Writers wait for nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import psycopg
from msgspec import Struct
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from projections.history.canonical import canonical, line_of
from projections.history.merkle import Growing, leaf
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.follower import Follower

READER: Final = "seals"
PAGE: Final = 256
"""Positions."""
PAUSE_SECONDS: Final = 0.5
"""How long the reader gathers events. The open page is written anew each time, whether one event came or a hundred. A
seal is to be at most a second behind."""
GENESIS: Final = bytes(32)
"""Stands for the seal before the first."""

SELECT_NEWEST: Final = "SELECT * FROM seals ORDER BY first DESC LIMIT 1"
SELECT_UP_TO: Final = "SELECT * FROM seals WHERE last <= %s ORDER BY first DESC LIMIT 1"
SELECT_BETWEEN: Final = "SELECT * FROM seals WHERE first >= %s AND first <= %s ORDER BY first"
WRITE: Final = """
INSERT INTO seals (first, last, count, root, previous, hash, subtrees)
VALUES (%(first)s, %(last)s, %(count)s, %(root)s, %(previous)s, %(hash)s, %(subtrees)s)
ON CONFLICT (first) DO UPDATE SET last = excluded.last, count = excluded.count, root = excluded.root,
    hash = excluded.hash, subtrees = excluded.subtrees, sealed_at = clock_timestamp()
"""


class Seal(Struct, frozen=True, kw_only=True):
    """The hash over a page, and over the seal before it."""

    first: int
    last: int
    count: int
    root: bytes
    previous: bytes
    hash: bytes
    subtrees: bytes = b""
    sealed_at: datetime | None = None

    @property
    def bounds(self) -> str:
        """The positions that it spans."""
        return f"{self.first}-{self.last}"


def seal_hash(first: int, last: int, count: int, root: bytes, previous: bytes) -> bytes:
    """The hash of a seal."""
    return sha256(f"darkroom seal\n{first} {last} {count} {root.hex()} {previous.hex()}\n".encode()).digest()


def leaf_of(logged: LoggedEvent) -> bytes:
    """The leaf of an event in the tree of its page."""
    return leaf(canonical(line_of(logged)))


class Chain:
    """The seals of a log, made event by event."""

    def __init__(self, newest: Seal | None = None) -> None:
        self._first = newest.first if newest else None
        self._previous = newest.previous if newest else GENESIS
        self._tree = Growing(newest.count, newest.subtrees) if newest else Growing()
        self.last = newest.last if newest else 0

    def add(self, position: int, hashed: bytes) -> Seal | None:
        """Add the leaf of the next event; returns the seal of the page before, if the event begins another page."""
        first = (position - 1) // PAGE * PAGE + 1
        closed = None
        if self._first is not None and first != self._first:
            closed = self._seal(self._first, self._first + PAGE - 1)
            self._previous, self._tree = closed.hash, Growing()
        self._first, self.last = first, position
        self._tree.add(hashed)
        return closed

    @property
    def newest(self) -> Seal | None:
        """The seal of the page that is open; None before the first event."""
        return None if self._first is None else self._seal(self._first, self.last)

    def _seal(self, first: int, last: int) -> Seal:
        count, root = self._tree.count, self._tree.root
        return Seal(
            first=first,
            last=last,
            count=count,
            root=root,
            previous=self._previous,
            hash=seal_hash(first, last, count, root, self._previous),
            subtrees=self._tree.roots,
        )


def sealer(event_log: EventLog, pool: ConnectionPool[psycopg.Connection[Any]]) -> Follower:
    """The reader of the log that seals it."""
    return Follower(READER, event_log, pool, seal, pause=PAUSE_SECONDS)


def seal(connection: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> None:
    """Seal the events of a page of the log, in the transaction of the caller."""
    newest = newest_seal(connection)
    sealed = newest.last if newest else 0
    # Where an operator set the position back, events are not sealed twice.
    found = _sealed(Chain(newest), (logged for logged in page if logged.position > sealed))
    # A page that ended with the newest seal is closed already, and a closed seal is never written again.
    rows = [row for row in found if newest is None or (row.first, row.last) != (newest.first, newest.last)]
    if rows:
        connection.cursor().executemany(
            WRITE, [{name: getattr(row, name) for name in row.__struct_fields__} for row in rows]
        )


def newest_seal(connection: psycopg.Connection[Any]) -> Seal | None:
    """The newest seal; None if nothing is sealed yet."""
    return connection.cursor(row_factory=class_row(Seal)).execute(SELECT_NEWEST).fetchone()


def seal_up_to(connection: psycopg.Connection[Any], position: int) -> Seal | None:
    """The newest seal of no later event than that of the position."""
    return connection.cursor(row_factory=class_row(Seal)).execute(SELECT_UP_TO, (position,)).fetchone()


def seals_between(connection: psycopg.Connection[Any], first: int, last: int) -> list[Seal]:
    """The seals of the pages that begin between two positions."""
    return connection.cursor(row_factory=class_row(Seal)).execute(SELECT_BETWEEN, (first, last)).fetchall()


def _sealed(chain: Chain, events: Iterable[LoggedEvent]) -> Iterator[Seal]:
    added = False
    for logged in events:
        if closed := chain.add(logged.position, leaf_of(logged)):
            yield closed
        added = True
    if added and (newest := chain.newest):
        yield newest
