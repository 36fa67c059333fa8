"""An export as Parquet: typed columns and the facts as JSON, for DuckDB, Spark, Trino and BigQuery.

pyarrow is an extra, `pip install 'darkroom[analysts]'`, and is imported only here.
"""

from collections.abc import Iterable, Iterator
from hashlib import file_digest
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from projections.history.export import Block
from projections.history.form import COLUMNS, Scope
from projections.history.manifest import ExportError, Manifest, SealedUpTo, write_manifest

MISSING: Final = "Parquet needs pyarrow: pip install 'darkroom[analysts]'. NDJSON and CSV need nothing."
GROUP: Final = 100_000
"""Rows that are kept in memory and written together. Readers skip whole groups, so a group must not be small."""


def _pyarrow() -> Any:  # noqa: ANN401 - a module without types
    try:
        for part in ("pyarrow.csv", "pyarrow.parquet"):
            import_module(part)
        return import_module("pyarrow")
    except ImportError:
        raise ExportError(MISSING) from None


def _types() -> dict[str, Any]:
    pa = _pyarrow()
    types = {"position": pa.int64(), "version": pa.int32(), "schemaVersion": pa.int32()}
    types["recordedAt"] = pa.timestamp("us", tz="UTC")
    return {name: types.get(name, pa.string()) for name in COLUMNS}


def table_of(block: Block) -> Any:  # noqa: ANN401 - a table of pyarrow, which has no types
    """The rows of a block of CSV. Only a cell without quotes is null."""
    pa = _pyarrow()
    read = pa.csv.ReadOptions(column_names=list(COLUMNS), use_threads=False, block_size=1 << 26)
    convert = pa.csv.ConvertOptions(
        column_types=_types(), null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    return pa.csv.read_csv(pa.BufferReader(block.lines), read, convert_options=convert)


class RowGroups:
    """Writes tables into a Parquet file, a large row group at a time."""

    def __init__(self, path: Path) -> None:
        pa = _pyarrow()
        self._waiting: list[Any] = []
        self._writer = pa.parquet.ParquetWriter(path, pa.schema(list(_types().items())), compression="zstd")

    def add(self, table: Any) -> None:  # noqa: ANN401 - likewise
        """Add rows."""
        self._waiting.append(table)
        if sum(map(len, self._waiting)) >= GROUP:
            self._flush()

    def close(self) -> None:
        """Write the rest and the end of the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(_pyarrow().concat_tables(self._waiting))
            self._waiting = []


class ParquetFile:
    """A Parquet file while it is written. It cannot be continued."""

    def __init__(self, path: Path, scope: Scope) -> None:
        self._path = path
        self._partial = path.with_name(f"{path.name}.partial")
        self._scope = scope
        self._rows: RowGroups | None = None
        self.count = 0
        self.first: int | None = None
        self.last: int | None = None

    def open(self, *, resume: bool) -> int:
        """Begin; returns the position after which events are missing. Raises ExportError."""
        if resume:
            raise ExportError("A Parquet file cannot be continued. A lake can: export to a folder.")
        if self._path.exists():
            raise ExportError(f"{self._path} exists. Name another file.")
        self._rows = RowGroups(self._partial)
        return self._scope.since - 1

    def write(self, blocks: Iterable[Block]) -> None:
        """Append blocks of CSV."""
        for block in blocks:
            self._opened.add(table_of(block))
            self.count += block.count
            self.first = block.first if self.first is None else self.first
            self.last = block.last

    def complete(self, through: int, seal: SealedUpTo | None) -> Manifest:
        """Write its manifest and move the file to its place.

        In this order: what is killed in between leaves no file that lacks its manifest and cannot be continued.
        """
        self._opened.close()
        self._rows = None
        manifest = Manifest.of(
            self._scope,
            format="parquet",
            first=self.first,
            last=self.last,
            count=self.count,
            sha256=sha256_of(self._partial),
            seal=seal,
            through=through,
        )
        write_manifest(self._path, manifest)
        self._partial.replace(self._path)
        return manifest

    def close(self) -> None:
        """Close it; without a manifest it is not complete."""
        if self._rows:
            self._rows.close()

    @property
    def _opened(self) -> RowGroups:
        if self._rows is None:
            raise ExportError(f"{self._path} is not open.")
        return self._rows


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def parquet_rows(source: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - a path, or a file of pyarrow
    """The rows of a file, each by column; the time as text."""
    with _pyarrow().parquet.ParquetFile(source) as file:
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                row["recordedAt"] = row["recordedAt"].isoformat(timespec="microseconds").replace("+00:00", "Z")
                yield row
