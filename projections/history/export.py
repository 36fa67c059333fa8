"""Reads the log for an export: in order, complete up to a settled position, in blocks of lines, in flat memory."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, LiteralString

import psycopg
from msgspec import Struct

from domain.errors import DarkroomError
from projections.history.form import CSV, NDJSON, Scope
from projections.log.connections import CONNECT_SECONDS, translated
from projections.log.event_log import APPEND_LOCK, AWAIT_WRITERS, SELECT_LAST_POSITION

SPAN: Final = 50_000
"""Positions of one COPY. A longer one would keep its snapshot, and with it dead rows of other tables."""
BLOCK: Final = 2000
"""Lines."""
LOCK_SECONDS: Final = 10
"""How long to wait for a writer. New writers wait behind us meanwhile."""


class ReplicaError(DarkroomError):
    """This server is a replica, which cannot tell which positions are still being written. Name the primary."""


class Block(Struct, frozen=True):
    """Lines of an export, and the first and the last position among them."""

    lines: bytes
    count: int
    first: int
    last: int


def connect(database_url: str) -> psycopg.Connection[Any]:
    """A connection whose statements may take long. Raises LogUnavailableError."""
    with translated():
        return psycopg.connect(
            database_url,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            application_name="darkroom events",
            options=f"-c lock_timeout={LOCK_SECONDS}s -c timezone=UTC",
        )


def settled(connection: psycopg.Connection[Any]) -> int:
    """The last position of the log; what is not committed up to it was rolled back. Raises ReplicaError."""
    with translated():
        if connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
            raise ReplicaError
        row = connection.execute(SELECT_LAST_POSITION).fetchone()
        # A writer that was given an earlier position and has not committed holds this lock in shared mode.
        connection.execute(AWAIT_WRITERS, (APPEND_LOCK,))
    return int(row[0]) if row else 0


def ndjson_blocks(connection: psycopg.Connection[Any], scope: Scope, after: int, to: int) -> Iterator[Block]:
    """The events after one position and up to another, as lines of JSON."""
    return _blocks(connection, NDJSON, scope, (after, to), b'{"position":')


def csv_blocks(connection: psycopg.Connection[Any], scope: Scope, after: int, to: int) -> Iterator[Block]:
    """The same as lines of CSV, without the line of names."""
    return _blocks(connection, CSV, scope, (after, to), b"")


def _blocks(
    connection: psycopg.Connection[Any],
    copy: LiteralString,
    scope: Scope,
    positions: tuple[int, int],
    before_position: bytes,
) -> Iterator[Block]:
    after, to = positions
    for start in range(after, to, SPAN):
        condition, parameters = scope.between(start, min(start + SPAN, to))
        with translated(), connection.cursor().copy(copy.replace("SCOPE", condition), parameters) as rows:
            while lines := [bytes(line) for line in islice(rows, BLOCK)]:
                first, last = (_position(line, before_position) for line in (lines[0], lines[-1]))
                yield Block(b"".join(lines), len(lines), first, last)


def _position(line: bytes, before: bytes) -> int:
    return int(line.removeprefix(before).partition(b",")[0])
