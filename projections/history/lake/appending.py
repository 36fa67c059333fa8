"""Appends the events of the log to a lake: `day=2026-11-27/part-FIRST-LAST.parquet`, the day in UTC.

    parts of 250,000 positions -> manifest -> next parts

The manifest is written after its parts. An export that was cut off leaves parts that no manifest names; the next one
removes them before it begins, so that no event is in the lake twice.
"""

import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import psycopg

from projections.history.export import Block, csv_blocks
from projections.history.form import Scope
from projections.history.lake.folder import LakeStore
from projections.history.lake.manifest import LakeManifest, Part, read_lake_manifest, write_lake_manifest
from projections.history.manifest import ExportError, SealedUpTo
from projections.history.parquet import RowGroups, sha256_of, table_of

CHUNK: Final = 250_000
"""Positions that are exported before the manifest is written."""
MEDIA_TYPE: Final = "application/vnd.apache.parquet"

SealUpTo = Callable[[int], SealedUpTo | None]
"""The newest seal up to a position."""
Done = Callable[[int], object]
"""Called with the position up to which the lake is complete by now."""


class _Day:
    """The part of one day while it is written."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.rows = RowGroups(file)
        self.first = self.last = self.count = 0

    def add(self, table: Any) -> None:  # noqa: ANN401 - a table of pyarrow, which has no types
        self.rows.add(table)
        positions = table["position"]
        self.first = self.first or positions[0].as_py()
        self.last = positions[-1].as_py()
        self.count += len(table)


class Lake:
    """A lake below a prefix of a storage."""

    def __init__(self, store: LakeStore, prefix: str, scope: Scope) -> None:
        self._store = store
        self._prefix = f"{prefix}/" if prefix else ""
        self._scope = scope
        self._parts: tuple[Part, ...] = ()

    def open(self) -> int:
        """Begin, or go on; returns the position after which events are missing. Raises ExportError."""
        before = read_lake_manifest(self._store, self._prefix)
        if before and not before.is_of(self._scope):
            raise ExportError("This lake was exported with other filters. Append with those, or name another place.")
        self._parts = before.parts if before else ()
        known = {part.path for part in self._parts}
        paths = [key.removeprefix(self._prefix) for key in self._store.keys(f"{self._prefix}day=")]
        left_behind = [path for path in paths if path not in known]
        if missing := known - set(paths):
            raise ExportError(f"{min(missing)} is gone from the lake. Put it back, or export into another place.")
        for path in left_behind:
            self._store.delete(self._prefix + path)
        return max(before.through if before else 0, self._scope.since - 1)

    def append(
        self, connection: psycopg.Connection[Any], after: int, through: int, seal_up_to: SealUpTo, done: Done
    ) -> LakeManifest:
        """Append the events after one position and up to another. The lake is complete after every chunk."""
        manifest = self._complete(after, seal_up_to)
        for start in range(after, through, CHUNK):
            end = min(start + CHUNK, through)
            with tempfile.TemporaryDirectory(prefix="darkroom-lake-") as folder:
                for name, day in self._written(connection, Path(folder), start, end).items():
                    self._parts += (self._stored(name, day),)
            manifest = self._complete(end, seal_up_to)
            done(end)
        return manifest

    def _complete(self, through: int, seal_up_to: SealUpTo) -> LakeManifest:
        manifest = LakeManifest.of_parts(self._scope, self._parts, through, seal_up_to(through))
        write_lake_manifest(self._store, self._prefix, manifest)
        return manifest

    def _written(self, connection: psycopg.Connection[Any], folder: Path, after: int, to: int) -> dict[str, _Day]:
        days: dict[str, _Day] = {}
        for block in csv_blocks(connection, self._scope, after, to):
            for name, table in _by_day(block):
                if name not in days:
                    days[name] = _Day(folder / f"{name}.parquet")
                days[name].add(table)
        for day in days.values():
            day.rows.close()
        return days

    def _stored(self, name: str, day: _Day) -> Part:
        path = f"day={name}/part-{day.first:012}-{day.last:012}.parquet"
        with day.file.open("rb") as body:
            self._store.put(self._prefix + path, body, MEDIA_TYPE)
        return Part(path=path, first=day.first, last=day.last, count=day.count, sha256=sha256_of(day.file))


def _by_day(block: Block) -> list[tuple[str, Any]]:
    """The rows of a block for each day in UTC. Nearly all blocks have one."""
    table = table_of(block)
    compute = import_module("pyarrow.compute")
    days = compute.strftime(table["recordedAt"], format="%Y-%m-%d")
    names = compute.unique(days).to_pylist()
    if len(names) == 1:
        return [(names[0], table)]
    return [(name, table.filter(compute.equal(days, name))) for name in names]
