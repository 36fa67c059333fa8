"""Heads: the newest seal, signed, to be kept elsewhere. Checks that the log still contains all that a head covers.

It knows no key: who signs hands in a function.
"""

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any, Final

import msgspec
import psycopg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg.rows import args_row, class_row
from psycopg_pool import ConnectionPool

from domain.errors import DarkroomError
from projections.history.page_check import PageCheck
from projections.history.seals import PAGE, READER, Chain, Seal, leaf_of, newest_seal, seals_between
from projections.log.event_log import SELECT_PAGE, LoggedEvent
from projections.log.pools import connected

SELECT_READ: Final = "SELECT position FROM positions WHERE reader = %s"
SELECT_SEAL_AFTER: Final = "SELECT * FROM seals WHERE first > %s ORDER BY first LIMIT 1"
READ: Final = 10_000
"""Events read at once."""

Pool = ConnectionPool[psycopg.Connection[Any]]
Sign = Callable[[bytes], tuple[bytes, bytes]]
"""Returns the signature of a message, and the public key that verifies it."""


class HeadError(DarkroomError):
    """This is no head that can be checked."""


class Head(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest seal of a log at some time, up to a position, with a signature."""

    position: int
    hash: str
    signature: str
    public_key: str
    sealed_at: str

    @property
    def message(self) -> bytes:
        """What is signed."""
        return f"darkroom head\n{self.position}\n{self.hash}\n{self.sealed_at}\n".encode()

    def check_signature(self) -> None:
        """Raise HeadError unless the owner of its key signed it as it is."""
        try:
            key = Ed25519PublicKey.from_public_bytes(b64decode(self.public_key, validate=True))
            key.verify(b64decode(self.signature, validate=True), self.message)
        except (InvalidSignature, ValueError, Error):
            raise HeadError(
                f"The signature of this head of position {self.position} is not that of its key {self.public_key}: "
                "it was changed after it was signed. Use another copy of it."
            ) from None


def read_head(content: bytes) -> Head:
    """The head in a file, its signature checked. Raises HeadError."""
    try:
        head = msgspec.json.decode(content, type=Head)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise HeadError(f"This is no head: {error}. Make one with `darkroom events head --json`.") from error
    head.check_signature()
    return head


def signed_head(pool: Pool, sign: Sign) -> Head | None:
    """The head of what is sealed; None if nothing is."""
    with connected(pool) as connection:
        newest = newest_seal(connection)
    if newest is None or newest.sealed_at is None:
        return None
    sealed_at = newest.sealed_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    head = Head(position=newest.last, hash=newest.hash.hex(), signature="", public_key="", sealed_at=sealed_at)
    signature, key = sign(head.message)
    return msgspec.structs.replace(head, signature=b64encode(signature).decode(), public_key=b64encode(key).decode())


class HeadCheck:
    """Compares the log, and its seals, with a head. `events` counts what was read."""

    def __init__(self, pool: Pool, head: Head) -> None:
        self._pool = pool
        self._head = head
        self.events = 0

    def differences(self) -> Iterator[str]:
        """A line for each page that is not what it was, in order. Raises LogUnavailableError."""
        chain, found = Chain(), False
        check = PageCheck(self._sealed_up_to(), self._seal_after)
        end = (self._head.position - 1) // PAGE * PAGE + PAGE
        for page in self._pages(end):
            # Also the seals of pages whose events are all gone now.
            seals = {seal.first: seal for seal in page.seals}
            events: dict[int, list[LoggedEvent]] = {first: [] for first in seals}
            for logged in page.events:
                events.setdefault((logged.position - 1) // PAGE * PAGE + 1, []).append(logged)
            for first in sorted(events):
                if sentence := check.difference(first, seals.get(first), events[first]):
                    found = True
                    yield sentence
                for logged in events[first]:
                    if logged.position <= self._head.position:
                        self.events += 1
                        chain.add(logged.position, leaf_of(logged))
        newest = chain.newest
        at_head = newest if newest and newest.last == self._head.position else None
        if not found and (at_head is None or at_head.hash.hex() != self._head.hash):
            yield (
                f"1-{self._head.position}: the log is not the one that this head covers, and no seal names the page: "
                "the seals were changed too, or this is another log."
            )

    def _sealed_up_to(self) -> int:
        with connected(self._pool) as connection:
            newest = newest_seal(connection)
            row = connection.execute(SELECT_READ, (READER,)).fetchone()
        return max(newest.last if newest else 0, row[0] if row else 0)

    def _seal_after(self, first: int) -> Seal | None:
        with connected(self._pool) as connection:
            return connection.cursor(row_factory=class_row(Seal)).execute(SELECT_SEAL_AFTER, (first,)).fetchone()

    def _pages(self, end: int) -> Iterator["_Read"]:
        after = 0
        while after < end:
            to = min(after + READ // PAGE * PAGE, end)
            with connected(self._pool) as connection:
                seals = seals_between(connection, after + 1, to)
                events = [row for row in events_after(connection, after, READ) if row.position <= to]
            yield _Read(seals, events)
            after = to


class _Read(msgspec.Struct, frozen=True):
    seals: list[Seal]
    events: list[LoggedEvent]


def events_after(connection: psycopg.Connection[Any], after: int, limit: int) -> list[LoggedEvent]:
    """The rows of the log after a position, as they are."""
    cursor = connection.cursor(row_factory=args_row(LoggedEvent), binary=True)
    return cursor.execute(SELECT_PAGE, (after, limit)).fetchall()
