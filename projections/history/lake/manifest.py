"""The manifest of a lake: which parts belong to it, and up to which position it is complete.

A lake is what its manifest names: a part that an export left behind when it was cut off is none of it.
"""

from hashlib import sha256
from io import BytesIO
from typing import Final

import msgspec

from domain.errors import BlobNotFoundError
from projections.history.form import Scope
from projections.history.lake.folder import LakeFiles, LakeStore
from projections.history.manifest import ExportError, Manifest, SealedUpTo

NAME: Final = "_manifest.json"
"""Spark, Trino and Hive pass over names that begin with an underscore."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the lake."""

    path: str
    first: int
    last: int
    count: int
    sha256: str


class LakeManifest(Manifest, frozen=True, kw_only=True, rename="camel"):
    """That of a file, and the parts. `sha256` is over their own, a line each, as `sha256sum` prints them."""

    parts: tuple[Part, ...]

    @classmethod
    def of_parts(cls, scope: Scope, parts: tuple[Part, ...], through: int, seal: SealedUpTo | None) -> "LakeManifest":
        """The manifest of these parts."""
        lines = "".join(f"{part.sha256}  {part.path}\n" for part in parts)
        return cls.of(
            scope,
            format="parquet",
            first=min((part.first for part in parts), default=None),
            last=max((part.last for part in parts), default=None),
            count=sum(part.count for part in parts),
            sha256=sha256(lines.encode()).hexdigest(),
            seal=seal,
            through=through,
            parts=parts,
        )


def read_lake_manifest(store: LakeFiles, prefix: str) -> LakeManifest | None:
    """The manifest of a lake; None for one that does not exist yet. Raises ExportError."""
    try:
        return msgspec.json.decode(store.get(prefix + NAME), type=LakeManifest)
    except BlobNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ExportError(f"{prefix}{NAME} cannot be read: {error}. Export into another place.") from error


def write_lake_manifest(store: LakeStore, prefix: str, manifest: LakeManifest) -> None:
    """Write it, which makes its parts the lake's."""
    text = msgspec.json.format(msgspec.json.encode(manifest)) + b"\n"
    store.put(prefix + NAME, BytesIO(text), "application/json")
