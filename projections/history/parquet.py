"""An export as Parquet: typed columns and the facts as JSON, for DuckDB, Spark, Trino and BigQuery.

pyarrow is an extra, `pip install 'darkroom[analysts]'`, and is imported only here.
"""

from collections.abc import Iterable, Iterator
from hashlib import file_digest
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec

from projections.history.export import Block
from projections.history.form import COLUMNS, Scope
from projections.history.manifest import ExportError, Manifest, SealedUpTo, write_manifest

MISSING: Final = "Parquet needs pyarrow: pip install 'darkroom[analysts]'. NDJSON and CSV need nothing."


def _pyarrow() -> Any:  # noqa: ANN401 - a module without types
    try:
        for part in ("pyarrow.csv", "pyarrow.parquet"):
            import_module(part)
        return import_module("pyarrow")
    except ImportError:
        raise ExportError(MISSING) from None


class ParquetFile:
    """A Parquet file while it is written. It cannot be continued."""

    def __init__(self, path: Path, scope: Scope) -> None:
        pa = _pyarrow()
        self._path = path
        self._partial = path.with_name(f"{path.name}.partial")
        self._scope = scope
        types = {"position": pa.int64(), "version": pa.int32(), "schemaVersion": pa.int32()}
        types["recordedAt"] = pa.timestamp("us", tz="UTC")
        self._types = {name: types.get(name, pa.string()) for name in COLUMNS}
        self._writer: Any = None
        self.count = 0
        self.first: int | None = None
        self.last: int | None = None

    def open(self, *, resume: bool) -> int:
        """Begin; returns the position after which events are missing. Raises ExportError."""
        pa = _pyarrow()
        if resume:
            raise ExportError("A Parquet file cannot be continued. Export what follows to another one with --since.")
        if self._path.exists():
            raise ExportError(f"{self._path} exists. Name another file.")
        schema = pa.schema(list(self._types.items()))
        self._writer = pa.parquet.ParquetWriter(self._partial, schema, compression="zstd")
        return self._scope.since - 1

    def write(self, blocks: Iterable[Block]) -> None:
        """Append blocks of CSV."""
        pa = _pyarrow()
        read = pa.csv.ReadOptions(column_names=list(COLUMNS), use_threads=False, block_size=1 << 26)
        convert = pa.csv.ConvertOptions(column_types=self._types)
        for block in blocks:
            self._writer.write_table(pa.csv.read_csv(pa.BufferReader(block.lines), read, convert_options=convert))
            self.count += block.count
            self.first = block.first if self.first is None else self.first
            self.last = block.last

    def complete(self, through: int, seal: SealedUpTo | None) -> Manifest:
        """Move the file to its place and write its manifest."""
        self._writer.close()
        self._partial.replace(self._path)
        with self._path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        manifest = Manifest.of(
            self._scope,
            format="parquet",
            first=self.first,
            last=self.last,
            count=self.count,
            sha256=digest,
            seal=seal,
            through=through,
        )
        write_manifest(self._path, manifest)
        return manifest

    def close(self) -> None:
        """Close it; without a manifest it is not complete."""
        if self._writer:
            self._writer.close()


def parquet_lines(path: Path) -> Iterator[bytes]:
    """The events of a file as lines of JSON, as an NDJSON export has them."""
    pa = _pyarrow()
    with pa.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                row["recordedAt"] = row["recordedAt"].isoformat(timespec="microseconds").replace("+00:00", "Z")
                row["facts"] = msgspec.Raw(row["facts"].encode())
                yield msgspec.json.encode(row) + b"\n"
