"""Reads the events of a lake in their order: of a folder here or of a bucket, over the file systems of pyarrow.

The parts of a chunk are by day, and at midnight an event may be recorded before one of an earlier position. So parts
whose positions overlap are read beside each other.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from heapq import merge
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, Final

from domain.errors import BlobNotFoundError
from projections.history.form import Scope
from projections.history.lake.manifest import NAME, Part, read_lake_manifest
from projections.history.lines import line_of_row
from projections.history.manifest import ExportError
from projections.history.parquet import MISSING, parquet_rows

S3: Final = "s3://"


def is_lake(source: str | Path) -> bool:
    """Whether it names a folder or a bucket."""
    return str(source).startswith(S3) or Path(source).is_dir()


def read_lake(source: str, scope: Scope) -> tuple[int, Iterator[bytes]]:
    """The last position of a lake, and its events as lines of JSON; parts outside the scope are not opened.

    Raises ExportError.
    """
    files = _Files(source)
    manifest = read_lake_manifest(files, "")
    if manifest is None:
        raise ExportError(f"{source} is no lake: it has no {NAME}. Name a file, or a folder of `events export`.")
    parts = sorted((part for part in manifest.parts if _may_have(part, scope)), key=lambda part: part.first)
    groups = (
        merge(*(files.rows(part) for part in group), key=lambda row: row["position"]) for group in _overlapping(parts)
    )
    return manifest.last or 0, map(line_of_row, chain.from_iterable(groups))


class _Files:
    def __init__(self, source: str) -> None:
        self._source = source
        try:
            fs = import_module("pyarrow.fs")
        except ImportError:
            raise ExportError(MISSING) from None
        try:
            address = source if source.startswith(S3) else Path(source).resolve().as_uri()
            self._files, self._root = fs.FileSystem.from_uri(address)
        except (OSError, ValueError) as error:
            raise ExportError(f"{source} is no address of a lake: {error}.") from error

    def get(self, key: str) -> bytes:
        try:
            with self._open(key) as file:
                content: bytes = file.read()
        except FileNotFoundError as error:
            raise BlobNotFoundError from error
        except OSError as error:
            raise ExportError(f"{self._source} cannot be read: {error}.") from error
        return content

    def rows(self, part: Part) -> Iterator[dict[str, Any]]:
        try:
            with self._open(part.path) as file:
                yield from parquet_rows(file)
        except FileNotFoundError as error:
            raise ExportError(f"{part.path} is gone from {self._source}. Put it back.") from error
        except (OSError, ValueError) as error:
            raise ExportError(f"{part.path} in {self._source} cannot be read: {error}.") from error

    def _open(self, key: str) -> Any:  # noqa: ANN401 - a file of pyarrow, which has no types
        return self._files.open_input_file(f"{self._root.rstrip('/')}/{key}")


def _may_have(part: Part, scope: Scope) -> bool:
    """Whether events of the scope may be in it, to judge by its positions and its day."""
    day = datetime.fromisoformat(part.path.partition("/")[0].removeprefix("day=")).replace(tzinfo=UTC)
    return (
        part.last >= scope.since
        and (scope.until is None or part.first <= scope.until)
        and (scope.since_time is None or day + timedelta(days=1) > scope.since_time)
        and (scope.until_time is None or day < scope.until_time)
    )


def _overlapping(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """The parts in groups, of which each begins after the end of the one before."""
    group: list[Part] = []
    last = 0
    for part in parts:
        if group and part.first > last:
            yield group
            group = []
        group.append(part)
        last = max(last, part.last)
    if group:
        yield group
