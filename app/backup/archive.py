"""The folder of a backup, and copying objects into and out of it.

    DIR/database.dump   the database, in pg_dump's custom format, as of one snapshot
    DIR/objects         every object of the storage
    DIR/secret-keys     the keys of an embedded service, mode 0600; there only if the service made its own
    DIR/head-key        the key that signs heads, likewise
    DIR/manifest.json   what was backed up; written last, so a backup without it is not complete

The dump comes before the objects: an object is stored before the event that names it, so every object that the dump
names is there when the objects are copied. Only what is erased or discarded in between is missing.
"""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Final

import msgspec

from app.storage.folder import FolderStore
from domain.errors import BlobNotFoundError, DarkroomError
from domain.ports import BlobStore

MEDIA_TYPES: Final = {".jpg": "image/jpeg"}
"""By a key's ending; a folder keeps no media types."""
UNKNOWN: Final = "application/octet-stream"


class BackupError(DarkroomError):
    """The backup cannot be made or restored."""


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """What a backup holds. `position` is the last one of the event log in it."""

    version: str
    taken_at: datetime
    position: int
    uploads: int
    events: int
    objects: int
    bytes: int


class Archive:
    """One backup's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.dump = self.path / "database.dump"
        self.secret_keys = self.path / "secret-keys"
        self.head_key = self.path / "head-key"
        self._manifest = self.path / "manifest.json"
        self._objects_folder = self.path / "objects"
        self._objects = FolderStore(self._objects_folder, lambda key, _: key)

    def create(self) -> None:
        """Make the folder, for this account alone. Raises BackupError where it holds something."""
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise BackupError(f"{self.path} is not an empty folder. Name one that does not exist yet.")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def manifest(self) -> Manifest:
        """What it holds. Raises BackupError for a folder that is no complete backup."""
        try:
            return msgspec.json.decode(self._manifest.read_bytes(), type=Manifest)
        except FileNotFoundError:
            raise BackupError(
                f"{self.path} is no complete backup: it has no manifest.json. Was `darkroom backup` interrupted?"
            ) from None
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise BackupError(f"{self._manifest} cannot be read: {error}.") from error

    def check(self, manifest: Manifest) -> None:
        """Raises BackupError where files of the backup were lost, as in a copy of it that broke off."""
        sizes = [path.stat().st_size for path in self._objects_folder.rglob("*") if path.is_file()]
        if not self.dump.exists() or (len(sizes), sum(sizes)) != (manifest.objects, manifest.bytes):
            raise BackupError(
                f"{self.path} has lost files: it has {len(sizes)} of {manifest.objects} objects, with {sum(sizes)} of"
                f" {manifest.bytes} bytes, and {'a' if self.dump.exists() else 'no'} database.dump."
            )

    def complete(self, manifest: Manifest) -> None:
        """Write the manifest, which makes the backup complete."""
        self._manifest.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")

    def keep_secret_keys(self, keys: str) -> None:
        """Write the keys for this account alone."""
        write_private(self.secret_keys, keys)

    def keep_head_key(self, key: str) -> None:
        """Write the key that signs heads for this account alone."""
        write_private(self.head_key, key)

    def take(self, store: BlobStore, keys: Iterable[str]) -> Iterator[int]:
        """Copy these objects into the backup; the size of each in bytes. One that is gone by now is left out."""
        for key in keys:
            try:
                content = store.get(key)
            except BlobNotFoundError:
                continue
            self._objects.put(key, BytesIO(content), UNKNOWN)
            yield len(content)

    def give(self, store: BlobStore) -> Iterator[int]:
        """Copy every object of the backup into the storage; the size of each in bytes."""
        for key in self._objects.keys(""):
            content = self._objects.get(key)
            store.put(key, BytesIO(content), MEDIA_TYPES.get(Path(key).suffix, UNKNOWN))
            yield len(content)


def write_private(path: Path, text: str) -> None:
    """Write a new file with mode 0600."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{text}\n")
