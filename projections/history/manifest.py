"""The manifest beside an exported file: what the file contains, and the hash that shows a change."""

import os
from pathlib import Path
from typing import Any, Self

import msgspec

from domain.errors import DarkroomError
from domain.events import EVENTS
from projections.history.form import Scope


class ExportError(DarkroomError):
    """The events cannot be exported to this file, or not be read from it."""


class SealedUpTo(msgspec.Struct, frozen=True):
    """The newest seal that the file ends in."""

    first: int
    last: int
    hash: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a file holds. It is complete: no event of its scope up to the position `through` is missing."""

    format: str
    first: int | None
    last: int | None
    count: int
    sha256: str
    seal: SealedUpTo | None
    since: int
    through: int
    names: tuple[str, ...] = ()
    since_time: str | None = None
    until_time: str | None = None
    schemas: dict[str, Any] = {}

    @property
    def whole(self) -> bool:
        """Whether no event between its positions was left out."""
        return not (self.names or self.since_time or self.until_time)

    def is_of(self, scope: Scope) -> bool:
        """Whether an export of the scope would continue this one."""
        return (self.names, self.since, self.since_time, self.until_time) == (
            scope.names,
            scope.since,
            _text(scope.since_time),
            _text(scope.until_time),
        )

    @classmethod
    def of(cls, scope: Scope, **facts: Any) -> Self:  # noqa: ANN401 - the fields
        """The manifest of an export of the scope."""
        return cls(
            since=scope.since,
            names=scope.names,
            since_time=_text(scope.since_time),
            until_time=_text(scope.until_time),
            schemas=_schemas(),
            **facts,
        )


def manifest_path(file: Path) -> Path:
    """Where the manifest of a file is."""
    return file.with_name(f"{file.name}.manifest.json")


def read_manifest(file: Path) -> Manifest | None:
    """The manifest of a file; None if there is none. Raises ExportError."""
    path = manifest_path(file)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeError, RecursionError, OSError) as error:
        raise ExportError(f"{path} cannot be read: {error}. Export the events again.") from error


def write_manifest(file: Path, manifest: Manifest) -> None:
    """Write it; the whole appears at once."""
    path = manifest_path(file)
    half = path.with_name(f"{path.name}.partial")
    with half.open("wb") as out:
        out.write(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        out.flush()
        os.fsync(out.fileno())
    half.replace(path)


def _text(time: Any) -> str | None:  # noqa: ANN401 - a time or None
    return None if time is None else time.isoformat()


def _schemas() -> dict[str, Any]:
    """The JSON Schema of each event of this version of Darkroom, by name and schema version."""
    names = {event: f"{name}.v{event.SCHEMA_VERSION}" for name, event in EVENTS.items()}
    schemas, components = msgspec.json.schema_components(names)
    found = {
        names[event]: components[schema["$ref"].rpartition("/")[2]]
        for event, schema in zip(names, schemas, strict=True)
    }
    return {**found, "$defs": {name: each for name, each in components.items() if each not in found.values()}}
