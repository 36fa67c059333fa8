"""A path that cannot be a folder is refused, and a half-written file is no object."""

import os
import time
from pathlib import Path

import pytest

from app.storage.folder import INCOMING, STALE_SECONDS, FolderStore
from domain.errors import StorageRefusedError
from tests.integration.storage.http_storages import put


def test_a_folder_that_cannot_be_one_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = FolderStore(tmp_path / "file" / "objects", lambda key, _lifetime: key)
    with pytest.raises(StorageRefusedError):
        store.ping()
    with pytest.raises(StorageRefusedError):
        put(store, "a", b"x")


def test_what_a_killed_process_left_half_is_no_object_and_is_swept_away(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, lambda key, _lifetime: key)
    half = tmp_path / INCOMING / "half"
    half.parent.mkdir()
    half.write_bytes(b"half of a photo")
    assert list(store.keys("")) == []
    put(store, "one", b"whole")
    assert half.exists(), "it may still be written to"
    long_ago = time.time() - STALE_SECONDS - 1
    os.utime(half, (long_ago, long_ago))
    put(store, "two", b"whole")
    assert not half.exists()
