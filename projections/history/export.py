"""Reads the log for an export: in order, complete up to a settled position, in blocks of lines, in flat memory."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import cycle, islice
from typing import Any, Final, LiteralString

import psycopg
from msgspec import Struct

from domain.errors import DarkroomError
from projections.history.form import CSV, NDJSON, NDJSON_TYPES, Scope
from projections.log.appending import APPEND_LOCK
from projections.log.connections import CONNECT_SECONDS, translated
from projections.log.event_log import AWAIT_WRITERS, SELECT_LAST_POSITION

SPAN: Final = 10_240
"""Positions of one COPY: some 4 MB, of which three are in memory. A longer one would keep its snapshot, and with it
dead rows of other tables."""
BLOCK: Final = 2000
"""Lines of CSV."""
JOINED: Final = 256
"""Positions whose lines of JSON PostgreSQL joins."""
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
            # To compile a statement takes longer than a COPY of ours.
            options=f"-c lock_timeout={LOCK_SECONDS}s -c timezone=UTC -c jit=off",
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


def ndjson_blocks(
    connection: psycopg.Connection[Any],
    scope: Scope,
    after: int,
    to: int,
    beside: psycopg.Connection[Any] | None = None,
) -> Iterator[Block]:
    """The events after one position and up to another, as lines of JSON.

    To make the lines takes PostgreSQL longer than it takes us to write them, so a connection beside reads every other
    span meanwhile. The log up to a settled position never changes: they need no snapshot in common.
    """
    connections = [connection, *([beside] if beside else [])]
    with ThreadPoolExecutor(len(connections)) as threads:
        spans: deque[Future[list[Block]]] = deque()
        for reader, (copy, parameters) in zip(cycle(connections), _copies(NDJSON, scope, after, to), strict=False):
            spans.append(threads.submit(_joined, reader, copy, {**parameters, "block": JOINED}))
            if len(spans) > len(connections):
                yield from spans.popleft().result()
        while spans:
            yield from spans.popleft().result()


def csv_blocks(connection: psycopg.Connection[Any], scope: Scope, after: int, to: int) -> Iterator[Block]:
    """The same as lines of CSV, without the line of names."""
    for copy, parameters in _copies(CSV, scope, after, to):
        with translated(), connection.cursor().copy(copy, parameters) as rows:
            while lines := [bytes(line) for line in islice(rows, BLOCK)]:
                first, last = (int(line.partition(b",")[0]) for line in (lines[0], lines[-1]))
                yield Block(b"".join(lines), len(lines), first, last)


def _copies(copy: LiteralString, scope: Scope, after: int, to: int) -> Iterator[tuple[LiteralString, dict[str, Any]]]:
    for start in range(after, to, SPAN):
        condition, parameters = scope.between(start, min(start + SPAN, to))
        yield copy.replace("SCOPE", condition), parameters


def _joined(connection: psycopg.Connection[Any], copy: LiteralString, parameters: dict[str, Any]) -> list[Block]:
    with translated(), connection.cursor().copy(copy, parameters) as blocks:
        blocks.set_types(NDJSON_TYPES)
        return [Block(lines, count, first, last) for count, first, last, lines in blocks.rows()]
