"""A put that fails says that the storage is unavailable, and no clock makes one writer sweep away another's file."""

import io
import os
import time
from pathlib import Path

import pytest

from app.storage import open_store
from app.storage.folder import INCOMING, STALE_SECONDS, FolderStore
from domain.errors import BlobNotFoundError, StorageUnavailableError
from tests.fakes.s3 import FakeS3, Handler, Request
from tests.s3_server import S3Server


class SweptAway(io.BytesIO):
    """A body; while it is read, other puts run and the file that it is written to looks old."""

    def __init__(self, store: FolderStore, root: Path) -> None:
        super().__init__(b"photo")
        self._store, self._incoming = store, root / INCOMING

    def read(self, size: int | None = -1, /) -> bytes:
        """Let another put sweep first."""
        (file,) = self._incoming.iterdir()
        long_ago = time.time() - STALE_SECONDS - 1
        os.utime(file, (long_ago, long_ago))
        self._store.put("other", io.BytesIO(b"x"), "image/jpeg")
        return super().read(size)


class Removing(io.BytesIO):
    """A body; while it is read, the file that it is written to is removed."""

    def __init__(self, root: Path) -> None:
        super().__init__(b"photo")
        self._incoming = root / INCOMING

    def read(self, size: int | None = -1, /) -> bytes:
        """Remove the file first."""
        for file in self._incoming.iterdir():
            file.unlink()
        return super().read(size)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path, lambda key, _lifetime: key)


def test_a_file_that_is_being_written_is_not_swept_however_old_it_looks(store: FolderStore, tmp_path: Path) -> None:
    store.put("photo", SweptAway(store, tmp_path), "image/jpeg")

    assert store.get("photo") == b"photo"


def test_a_clock_hours_ahead_sweeps_nothing_that_was_written_just_now(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = tmp_path / INCOMING / "half"
    half.parent.mkdir()
    half.write_bytes(b"half of a photo")
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 3 * STALE_SECONDS)
    store.put("photo", io.BytesIO(b"photo"), "image/jpeg")

    assert half.exists()


def test_a_put_whose_file_is_gone_is_no_missing_object(store: FolderStore, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailableError):
        store.put("photo", Removing(tmp_path), "image/jpeg")
    with pytest.raises(BlobNotFoundError):
        store.get("photo")


def test_a_bucket_that_answers_a_put_with_no_such_key_is_unavailable() -> None:
    def refuse(handler: Handler, request: Request) -> None:
        handler.refuse(request, 404, "NoSuchKey")

    with FakeS3() as fake:
        bucket = open_store(S3Server(fake.environ).settings, lambda key, _lifetime: key)
        fake.fail("PUT", "photo", refuse)
        with pytest.raises(StorageUnavailableError):
            bucket.put("photo", io.BytesIO(b"photo"), "image/jpeg")
