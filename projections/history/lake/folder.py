"""The storage of a lake: a local folder, or an object storage whose keys may contain `=`. Files appear whole."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from domain.errors import BlobNotFoundError


class LakeFiles(Protocol):
    """The interface to read the storage of a lake."""

    def get(self, key: str) -> bytes:
        """The whole object. Raises BlobNotFoundError."""


class LakeStore(LakeFiles, Protocol):
    """The interface to write the storage of a lake; a part of BlobStore."""

    def put(self, key: str, body: BinaryIO, media_type: str) -> None:
        """Store the body, completely or not at all. Replaces what was there."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that starts with the prefix, in order."""

    def delete(self, key: str) -> None:
        """Delete the object. A missing key is not an error."""


class LocalFolder:
    """A folder. Its files have the rights that other files of this account get, so that others may read the lake."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, body: BinaryIO, media_type: str) -> None:  # noqa: ARG002 - a folder has no place for it
        """Store the body; it has its name when it is whole."""
        target = self._root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial")
        with partial.open("wb") as file:
            shutil.copyfileobj(body, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)

    def get(self, key: str) -> bytes:
        """The whole file."""
        try:
            return (self._root / key).read_bytes()
        except FileNotFoundError as error:
            raise BlobNotFoundError from error

    def keys(self, prefix: str) -> Iterator[str]:
        """Every file whose path starts with the prefix. What is not whole has a name that begins with a dot."""
        found = (file.relative_to(self._root).as_posix() for file in self._root.rglob("*") if file.is_file())
        yield from sorted(key for key in found if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Remove the file."""
        with suppress(FileNotFoundError):
            (self._root / key).unlink()
