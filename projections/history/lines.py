"""Reads an exported file as lines of JSON: NDJSON as it is, CSV and Parquet row by row."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from projections.history.form import COLUMNS
from projections.history.manifest import ExportError
from projections.history.parquet import parquet_rows

PARQUET: Final = b"PAR1"
CSV_HEADER: Final = ",".join(COLUMNS).encode()


def lines_of(path: Path) -> Iterator[bytes]:
    """The events of a file as lines of JSON. Raises ExportError, OSError."""
    with path.open("rb") as file:
        head = file.read(len(CSV_HEADER))
        if head.startswith(PARQUET):
            yield from map(line_of_row, parquet_rows(path))
            return
        if head == CSV_HEADER:
            yield from map(line_of_row, _csv_rows(path))
            return
        file.seek(0)
        yield from file


def _csv_rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, strict=True):
            try:
                numbers = {name: int(row[name]) for name in ("position", "version")}
                schema_version = int(row["schemaVersion"]) if row["schemaVersion"] else None
            except (ValueError, TypeError, csv.Error) as error:
                raise ExportError(f"{path} has a line that is no event: {error}: {str(row)[:80]}.") from error
            yield {**row, **numbers, "schemaVersion": schema_version, "correlationId": row["correlationId"] or None}


def line_of_row(row: dict[str, Any]) -> bytes:
    """The line of JSON of an event that is given by column."""
    return msgspec.json.encode({**row, "facts": msgspec.Raw(row["facts"].encode())}) + b"\n"
