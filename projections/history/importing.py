"""Imports exported files into an empty log: every event keeps its position, its time and its facts.

It is one transaction: the files are taken whole or not at all.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg
from msgspec import Struct

from projections.history.export import connect
from projections.history.files import PIECE
from projections.history.form import INCOMING, INSERT, TAKE
from projections.history.lines import lines_of
from projections.history.manifest import ExportError, Manifest, read_manifest
from projections.history.parquet import sha256_of
from projections.log.appending import APPEND_LOCK
from projections.log.event_log import AWAIT_WRITERS
from projections.log.schema import migrate

SELECT_END: Final = "SELECT max(position) FROM event_log"
SELECT_TAKEN: Final = "SELECT count(*), coalesce(max((line ->> 'position')::bigint), 0) FROM incoming"
SELECT_BROKEN: Final = """
SELECT upload_id, min(version), max(version), count(*) FROM event_log
GROUP BY upload_id HAVING min(version) <> 1 OR max(version) <> count(*) ORDER BY min(position) LIMIT 1
"""
MOVE_SEQUENCE: Final = "SELECT setval(pg_get_serial_sequence('event_log', 'position'), %s)"
MOVE_READER: Final = """
INSERT INTO positions (reader, position) VALUES (%s, %s)
ON CONFLICT (reader) DO UPDATE SET position = excluded.position, updated_at = clock_timestamp()
"""

Seen = Callable[[int], object]
"""Called with the bytes that were read since the last call."""


class Imported(Struct, frozen=True):
    """What was imported."""

    count: int
    last: int


class Source(Struct, frozen=True):
    """A file to import; its manifest, and what it must be."""

    path: Path
    first: int
    manifest: Manifest | None
    promise: tuple[str, int] | None
    """The SHA-256 and the number of events."""


def import_files(
    database_url: str, found: Iterable[Source], done: Sequence[str], seen: Seen = lambda _: None
) -> Imported:
    """Fill the empty log of a database. Readers named in `done` will not be given the imported events.

    Raises ExportError, psycopg.Error, LogUnavailableError.
    """
    sources = sorted(found, key=lambda source: source.first)
    _check_order(sources)
    migrate(database_url)
    with connect(database_url) as connection, connection.transaction():
        connection.execute(AWAIT_WRITERS, (APPEND_LOCK,))  # no event is appended until the end of the transaction
        (end,) = connection.execute(SELECT_END).fetchone() or (None,)
        if end is not None:
            raise ExportError(f"This log has events, up to position {end}. Import into an empty database.")
        connection.execute(INCOMING)
        for source in sources:
            _take(connection, source, seen)
        count, last = connection.execute(SELECT_TAKEN).fetchone() or (0, 0)
        if not count:
            return Imported(0, 0)
        try:
            connection.execute(INSERT)
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            raise ExportError(f"These files are no whole log: {_said(error)}") from error
        _check_versions(connection)
        connection.execute(MOVE_SEQUENCE, (last,))
        for reader in done:
            connection.execute(MOVE_READER, (reader, last))
    return Imported(count, last)


def source_of(path: Path) -> Source:
    """A file, to be imported. Raises ExportError."""
    manifest = read_manifest(path)
    refuse_filtered(path, manifest)
    return Source(path, _first_position(path), manifest, (manifest.sha256, manifest.count) if manifest else None)


def refuse_filtered(path: Path, manifest: Manifest | None) -> None:
    """Raise ExportError for an export from which events are missing."""
    if manifest and not manifest.whole:
        raise ExportError(f"{path} was exported with filters, so events are missing from it. Export it without them.")


def _first_position(path: Path) -> int:
    try:
        line = next(iter(lines_of(path)), None)
        return int(msgspec.json.decode(line, type=dict[str, msgspec.Raw])["position"]) if line else 0
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ExportError(f"{path} is no export: its first line is no event with a position.") from error


def _check_order(sources: Iterable[Source]) -> None:
    through = 0
    for source in sources:
        if (manifest := source.manifest) is None:
            continue
        if manifest.since > through + 1:
            raise ExportError(
                f"Positions {through + 1} to {manifest.since - 1} are missing: {source.path} begins at"
                f" {manifest.since}. Import all files of the log together."
            )
        through = manifest.through


def _take(connection: psycopg.Connection[Any], source: Source, seen: Seen) -> None:
    count, digest = 0, sha256()
    try:
        with connection.cursor().copy(TAKE) as rows:
            lines: list[bytes] = []
            size = 0
            for line in lines_of(source.path):
                count += 1
                digest.update(line)
                lines.append(line if line.endswith(b"\n") else line + b"\n")
                size += len(line)
                if size > PIECE:
                    rows.write(b"".join(lines))
                    seen(size)
                    lines, size = [], 0
            rows.write(b"".join(lines))
            seen(size)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise ExportError(f"{source.path} has a line that is no event: {_said(error)}") from error
    promise = source.promise
    if promise is None:
        return
    is_text = source.manifest and source.manifest.format == "ndjson"
    found = digest.hexdigest() if is_text else sha256_of(source.path)
    if (found, count) != promise:
        raise ExportError(
            f"{source.path} is not the file of its manifest: it has {count} events and the SHA-256 {found}, not "
            f"{promise[1]} and {promise[0]}. Copy or export it again."
        )


def _check_versions(connection: psycopg.Connection[Any]) -> None:
    if broken := connection.execute(SELECT_BROKEN).fetchone():
        upload_id, least, most, count = broken
        raise ExportError(
            f"These files are no whole log: upload {upload_id} has {count} events, of the versions {least} to {most}."
        )


def _said(error: psycopg.Error) -> str:
    said = error.diag
    return " ".join(filter(None, (said.message_primary, said.message_detail, said.context))).replace("\n", " ")
