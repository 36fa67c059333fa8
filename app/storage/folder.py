"""The object storage as a folder: one file an object, which appears whole or not at all and survives a power cut.

It keeps no media types: who serves its objects tells them by the key's ending.
"""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final, cast

from app.storage.keys import checked_key, checked_prefix, is_key
from app.storage.unnamed import Unnamed
from domain.errors import BlobNotFoundError, StorageRefusedError, StorageUnavailableError

INCOMING: Final = "~incoming"
"""Where objects wait until they are whole; no key has a tilde."""
STALE_SECONDS: Final = 3600.0
"""A file that is older was left behind by a process that was killed."""
MOVES: Final = 3
"""How often an object is moved to its place: its folder may go with the last object in it, just before."""
_FOR_GOOD: Final = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}


class FolderStore:
    """A BlobStore in a folder."""

    def __init__(self, root: Path, sign: Callable[[str, timedelta], str]) -> None:
        self._root = root
        self._sign = sign

    def spool(self) -> BinaryIO:
        """A file that `put` gives its name, where the file system has files without one; else it is copied."""
        with suppress(OSError):  # `put` says what is wrong with the folder
            return Unnamed(self._incoming_folder())
        return cast("BinaryIO", tempfile.TemporaryFile())

    def put(self, key: str, body: BinaryIO, media_type: str) -> None:  # noqa: ARG002 - a folder has no place for it
        """Store the rest of the body under the key, all of it or nothing, replacing what was there."""
        target = self._path(key)
        with _translated():
            if not (isinstance(body, Unnamed) and body.tell() == 0 and _is_named(body, target)):
                self._copy(body, target)
            with suppress(FileNotFoundError):  # it has been deleted again
                _sync_folder(target.parent)
            _sync_folder(target.parent.parent)

    def _copy(self, body: BinaryIO, target: Path) -> None:
        with self._incoming() as file:
            shutil.copyfileobj(body, file, 2**20)
            file.flush()
            os.fsync(file.fileno())
            _in_its_folder(target, lambda: Path(file.name).replace(target))

    def get(self, key: str) -> bytes:
        """The whole object."""
        with _translated():
            try:
                return self._path(key).read_bytes()
            except FileNotFoundError as error:
                raise BlobNotFoundError from error

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that starts with the prefix, in order."""
        # Only the folder that the prefix names is walked, not the whole storage.
        start = checked_prefix(prefix).rpartition("/")[0]
        with _translated():
            yield from (key for key in _walk(self._root / start, start) if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Remove the object, and its folder with the last one; a key that is not there is no error."""
        path = self._path(key)
        with _translated(), suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
        if path.parent != self._root:
            with suppress(OSError):  # it has other objects, or is gone
                path.parent.rmdir()

    def signed_url(self, key: str, lifetime: timedelta) -> str:
        """A path of our own API that serves the object to its holder, for that long."""
        return self._sign(checked_key(key), lifetime)

    def ping(self) -> None:
        """Return if the folder can be written to."""
        with _translated(), self._incoming() as file:
            # A full disk takes a new name and refuses the first byte.
            file.write(b"ping")
            file.flush()
            os.fsync(file.fileno())

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _incoming_folder(self) -> Path:
        folder = self._root / INCOMING
        # No other account of the machine may look into it.
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
        return folder

    @contextmanager
    def _incoming(self) -> Iterator["tempfile._TemporaryFileWrapper[bytes]"]:
        """A file that is gone at the end, unless it has been moved to its place."""
        folder = self._incoming_folder()
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            try:
                _lock(file.fileno())
                # The time of a file just made is the file system's own clock. This machine's may be hours ahead of it.
                _sweep(folder, os.fstat(file.fileno()).st_mtime)
                yield file
            finally:
                Path(file.name).unlink(missing_ok=True)


def _is_named(body: Unnamed, target: Path) -> bool:
    """Give it its place. False if there is an object, or if the file system refuses: then it must be copied."""
    body.sync()  # no name leads to what a power cut would take
    try:
        _in_its_folder(target, lambda: body.link(target))
    except OSError:
        return False
    return True


def _in_its_folder(target: Path, move: Callable[[], object]) -> None:
    for tries_left in reversed(range(MOVES)):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            move()
        except (FileNotFoundError, FileExistsError):
            if not tries_left:
                raise
        else:
            return


def _sweep(folder: Path, now: float) -> None:
    for left_behind in folder.iterdir():
        with suppress(FileNotFoundError):
            if now - left_behind.stat().st_mtime > STALE_SECONDS and not _is_locked(left_behind):
                left_behind.unlink()


def _lock(descriptor: int) -> None:
    """Say that the file is being written, until it is closed or the process dies."""
    with suppress(OSError):  # a file system without locks: the file's age must do
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


def _walk(folder: Path, name: str) -> Iterator[str]:
    """The keys below a folder. A folder sorts as its name with a slash, which is what its keys go on with."""
    with suppress(FileNotFoundError, NotADirectoryError):
        entries = sorted(folder.iterdir(), key=lambda entry: f"{entry.name}/" if entry.is_dir() else entry.name)
        for entry in entries:
            key = f"{name}/{entry.name}" if name else entry.name
            if not is_key(key):
                continue
            if entry.is_dir():
                yield from _walk(entry, key)
            else:
                yield key


def _sync_folder(folder: Path) -> None:
    """Make a new name in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        kind = StorageRefusedError if error.errno in _FOR_GOOD else StorageUnavailableError
        raise kind(f"The folder of the object storage cannot be used: {reason}.") from error
