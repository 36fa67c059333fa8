"""The data folder of an embedded service: who holds it, its secret keys, and where its running service is found.

DIR/lock            held by the `darkroom up` that runs on it, for the life of that process
DIR/service.json    the addresses of the running service; empty while it starts
DIR/secret-keys     the keys that sign its tokens, made once
DIR/head-key        the key that signs heads of the event log, made by the first `darkroom events head`
DIR/objects         the object storage
DIR/postgres  valkey  logs
"""

import fcntl
import os
import secrets
from contextlib import ExitStack, suppress
from functools import partial
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from app.embedded.errors import FolderInUseError, NotRunningError
from app.embedded.private_folders import make_data_folder


class RunningService(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach the service that runs on a data folder."""

    server_url: str
    database_url: str
    redis_url: str
    pid: int


class DataFolder:
    """A data folder that is ours alone while the context lasts. Raises FolderInUseError."""

    _service: FileIO

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._held = ExitStack()

    def __enter__(self) -> Self:
        make_data_folder(self.path)
        # Children do not inherit it: it must go with this process. Another account that opened it could hold it.
        lock = self._held.enter_context(open(self.path / "lock", "ab", opener=partial(os.open, mode=0o600)))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._held.close()
            raise FolderInUseError(f"Another Darkroom already runs on {self.path}. Stop it or use --data.") from None
        self._service_file.unlink(missing_ok=True)
        # Kept open: by the time it is written we may be an account that cannot write to the folder.
        self._service = self._held.enter_context(FileIO(self._service_file, "x", opener=partial(os.open, mode=0o600)))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._service.truncate(0)
        with suppress(PermissionError):
            self._service_file.unlink(missing_ok=True)
        self._held.close()

    @property
    def _service_file(self) -> Path:
        return self.path / "service.json"

    def secret_keys(self) -> str:
        """SECRET_KEYS of this folder, made the first time that they are asked for."""
        kept = self.path / "secret-keys"
        if not kept.exists():
            _write_private(kept, secrets.token_urlsafe(48).encode())
        return kept.read_text().strip()

    def announce(self, *, server_url: str, database_url: str, redis_url: str) -> None:
        """Tell other commands where the service is, until the context ends."""
        service = RunningService(server_url=server_url, database_url=database_url, redis_url=redis_url, pid=os.getpid())
        self._service.write(msgspec.json.encode(service))


def running_service(path: Path) -> RunningService:
    """The service that runs on the folder. Raises NotRunningError."""
    if not _is_held(path):
        raise NotRunningError(f"No Darkroom runs on {path.absolute()}. Start it: darkroom up --data {path}")
    with suppress(FileNotFoundError, msgspec.DecodeError):
        return msgspec.json.decode((path / "service.json").read_bytes(), type=RunningService)
    raise NotRunningError(f"The Darkroom on {path.absolute()} is still starting, or stopping. Please try again.")


def _is_held(path: Path) -> bool:
    # A service that was killed leaves its service.json, but never its lock.
    try:
        with (path / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _write_private(path: Path, content: bytes) -> None:
    """Write it for our own eyes; the whole appears at once."""
    half = path.with_name(f"{path.name}.half")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
