"""An exported file: written beside its place, moved there when it is whole, and continued where it ended.

    FILE.partial -> FILE -> FILE.manifest.json

A file that was cut off is continued after its last whole line. What is there is read again and compared with its
manifest, so nothing is appended to a file that was changed.
"""

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from projections.history.export import Block
from projections.history.form import Scope
from projections.history.manifest import ExportError, Manifest, SealedUpTo, read_manifest, write_manifest

PIECE: Final = 1 << 20
"""Bytes read at once."""


class ExportFile:
    """A file of lines while it is written."""

    def __init__(self, path: Path, format_: str, scope: Scope, header: bytes = b"") -> None:
        self._path = path
        self._partial = path.with_name(f"{path.name}.partial")
        self._format = format_
        self._scope = scope
        self._header = header
        self._hash = sha256()
        self._file: BinaryIO | None = None
        self.count = 0
        self.first: int | None = None
        self.last: int | None = None

    def open(self, *, resume: bool) -> int:
        """Begin, or go on; returns the position after which events are missing. Raises ExportError."""
        before = read_manifest(self._path) if self._path.exists() else None
        if not resume:
            if self._path.exists():
                raise ExportError(f"{self._path} exists. Name another file, or continue this one with --resume.")
            self._file = self._partial.open("wb")
            self._put(self._header)
            return self._scope.since - 1
        if before and before.format != self._format:
            raise ExportError(
                f"{self._path} is {before.format}, and not {self._format}. Resume it with --format {before.format}, or "
                "name another."
            )
        if before and not before.is_of(self._scope):
            raise ExportError(f"{self._path} was exported with other filters. Resume it with those, or name another.")
        source = self._path if self._path.exists() else self._partial
        if not source.exists():
            return self.open(resume=False)
        next_file = self._partial.with_name(f"{self._partial.name}.next")
        try:
            self._continue(source, next_file, before)
        finally:
            next_file.unlink(missing_ok=True)
        done = before.through if before else 0
        return max(done, self.last or 0, self._scope.since - 1)

    def write(self, blocks: Iterable[Block]) -> None:
        """Append blocks."""
        for block in blocks:
            self._put(block.lines)
            self.count += block.count
            self.first = block.first if self.first is None else self.first
            self.last = block.last

    def complete(self, through: int, seal: SealedUpTo | None) -> Manifest:
        """Move the file to its place and write its manifest."""
        self._settle()
        self._partial.replace(self._path)
        manifest = Manifest.of(
            self._scope,
            format=self._format,
            first=self.first,
            last=self.last,
            count=self.count,
            sha256=self._hash.hexdigest(),
            seal=seal,
            through=through,
        )
        write_manifest(self._path, manifest)
        return manifest

    def close(self) -> None:
        """Leave what is written for a later --resume."""
        if self._file:
            self._file.close()

    def _put(self, lines: bytes) -> None:
        self._hash.update(lines)
        self._opened.write(lines)

    @property
    def _opened(self) -> BinaryIO:
        if self._file is None:
            raise ExportError(f"{self._path} is not open.")
        return self._file

    def _settle(self) -> None:
        self._opened.flush()
        os.fsync(self._opened.fileno())
        self._opened.close()

    def _continue(self, source: Path, next_file: Path, before: Manifest | None) -> None:
        """Read the lines that are there, up to the last whole one, and open the file behind them."""
        last_line, size = b"", 0
        with source.open("rb") as old, next_file.open("wb") as new:
            for number, line in enumerate(old):
                if not line.endswith(b"\n"):
                    break  # it was cut off here
                self._hash.update(line)
                new.write(line)
                size += len(line)
                if number == 0 and self._header:
                    continue
                self.count += 1
                self.first = self._position(line) if self.first is None else self.first
                last_line = line
                if before and self.count == before.count and self._hash.hexdigest() != before.sha256:
                    raise ExportError(
                        f"{source} was changed since it was exported: its SHA-256 is not that of its manifest. "
                        "Export to another file."
                    )
        if before and self.count < before.count:
            raise ExportError(f"{source} has {self.count} events, and its manifest {before.count}. Export it again.")
        self.last = self._position(last_line) if last_line else None
        next_file.replace(self._partial)
        self._file = self._partial.open("ab")
        if not size:
            self._put(self._header)

    def _position(self, line: bytes) -> int:
        try:
            if self._format == "csv":
                return int(line.partition(b",")[0])
            return int(msgspec.json.decode(line, type=dict[str, msgspec.Raw])["position"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ExportError(f"{self._path} is no export: a line of it has no position: {line[:80]!r}.") from error
