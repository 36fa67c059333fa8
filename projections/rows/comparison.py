"""Compares the rows with what the projection of this version makes of the same events, upload by upload.

It reads each page of uploads in one snapshot, takes no lock that another waits for, and writes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

import msgspec
import psycopg
from msgspec import Struct, structs
from psycopg.rows import args_row

from projections.log.event_log import EventLog, LoggedEvent, select_history
from projections.log.pools import Pool, connected
from projections.rows.projector import READER
from projections.rows.uploads import ProjectedUpload, ResultRow, UploadRow, project

PAGE: Final = 200
"""Uploads that are compared together. This bounds the memory."""
LOWEST: Final = UUID(int=0)
HIGHEST: Final = UUID(int=2**128 - 1)

SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
COUNT_ROWS: Final = "SELECT count(*) FROM uploads"
SELECT_POSITION: Final = "SELECT position FROM positions WHERE reader = %s"
# Rows of uploads that the log does not know are compared too.
SELECT_IDS: Final = """
SELECT upload_id FROM (
    (SELECT upload_id FROM uploads WHERE upload_id > %(after)s ORDER BY upload_id LIMIT %(limit)s)
    UNION (SELECT upload_id FROM results WHERE upload_id > %(after)s ORDER BY upload_id LIMIT %(limit)s)
) AS ids ORDER BY upload_id LIMIT %(limit)s
"""
SELECT_ROWS: Final = """
SELECT i.upload_id, to_jsonb(u)::text, to_jsonb(r)::text, q.error
FROM unnest(%s::uuid[]) AS i (upload_id)
LEFT JOIN uploads u USING (upload_id) LEFT JOIN results r USING (upload_id) LEFT JOIN quarantine q USING (upload_id)
"""

_R = TypeVar("_R", bound=Struct)


class Difference(Struct, frozen=True):
    """What the rows of an upload say, and the log does not."""

    upload_id: UUID
    sentence: str

    def __str__(self) -> str:
        return f"upload {self.upload_id}: {self.sentence}"


def upload_ids(event_log: EventLog, pool: Pool) -> Iterator[UUID]:
    """The ids of all uploads in the log and in the rows, in their order."""
    after = LOWEST
    while True:
        known = event_log.ids_between(UUID(int=after.int + 1), HIGHEST, limit=PAGE)
        with connected(pool) as connection:
            rows = connection.execute(SELECT_IDS, {"after": after, "limit": PAGE}).fetchall()
        page = sorted({*known, *(upload_id for (upload_id,) in rows)})[:PAGE]
        if not page:
            return
        yield from page
        after = page[-1]


def count_rows(pool: Pool) -> int:
    """How many uploads have a row."""
    with connected(pool) as connection:
        (count,) = connection.execute(COUNT_ROWS).fetchone() or (0,)
    return int(count)


def compare(pool: Pool, ids: Iterable[UUID]) -> Iterator[list[Difference]]:
    """The differences of these uploads, a list for each of them. Raises LogUnavailableError."""
    ids = iter(ids)
    while page := list(islice(ids, PAGE)):
        with connected(pool) as connection, connection.transaction():
            connection.execute(SNAPSHOT)
            row = connection.execute(SELECT_POSITION, (READER,)).fetchone()
            position = int(row[0]) if row else 0
            cursor = connection.cursor(row_factory=args_row(_Rows)).execute(SELECT_ROWS, (page,))
            found = [_differences(connection, position, rows) for rows in cursor.fetchall()]
        yield from found


def difference(table: str, there: Struct | None, expected: Struct | None) -> str | None:
    """A sentence that says in what a row differs from the one that the log leads to; None if it does not."""
    if there == expected:
        return None
    if expected is None:
        return f"it has a row in {table} that the log does not know."
    if there is None:
        return f"its row in {table} is missing."
    told, kept = structs.asdict(expected), structs.asdict(there)
    fields = (
        f"{table}.{name} is {kept[name]!s}, the log says {told[name]!s}" for name in told if kept[name] != told[name]
    )
    return "; ".join(fields) + "."


def decoded(row: str | None, kind: type[_R]) -> _R | None:
    """A row from its JSON. Raises msgspec.MsgspecError."""
    return msgspec.json.decode(row, type=kind) if row else None


class _Rows(NamedTuple):
    """The rows of an upload, as JSON, because a broken row fits no struct."""

    upload_id: UUID
    upload: str | None
    result: str | None
    quarantined: str | None


def _differences(connection: psycopg.Connection[Any], position: int, rows: _Rows) -> list[Difference]:
    upload_id = rows.upload_id
    try:
        there = (decoded(rows.upload, UploadRow), decoded(rows.result, ResultRow))
    except msgspec.MsgspecError as error:
        return [Difference(upload_id, f"its row cannot be read: {error}.")]
    history = [logged for logged in select_history(connection, upload_id) if logged.position <= position]
    if not history:
        return [Difference(upload_id, "it has a row, but no event in the log up to there.")] if any(there) else []
    projection = _folded(history)
    gone = projection is None or projection.upload.erased
    expected = (None, None) if projection is None or gone else (projection.row(), projection.result_row())
    sentences = (difference("uploads", there[0], expected[0]), difference("results", there[1], expected[1]))
    why = f" It is in quarantine: {rows.quarantined}" if rows.quarantined else ""
    return [Difference(upload_id, sentence + why) for sentence in sentences if sentence]


def _folded(history: Sequence[LoggedEvent]) -> ProjectedUpload | None:
    """What this version makes of the events, up to the first that it cannot apply."""
    projection = None
    for logged in history:
        try:
            projection = project(projection, logged)
        except Exception:  # noqa: BLE001 - no I/O here: the event is the cause
            break
    return projection
