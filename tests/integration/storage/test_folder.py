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


def test_a_spooled_body_is_not_copied(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, lambda key, _lifetime: key)
    with store.spool() as body:
        body.write(b"a photo")
        body.seek(0)
        store.put("job/original", body, "image/jpeg")
        assert (tmp_path / "job" / "original").stat().st_ino == os.fstat(body.fileno()).st_ino
    assert store.get("job/original") == b"a photo"
    assert (tmp_path / "job" / "original").stat().st_mode & 0o777 == 0o600
    assert list((tmp_path / INCOMING).iterdir()) == []


def test_where_a_file_cannot_be_without_a_name_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "O_TMPFILE", os.O_CREAT | os.O_EXCL)  # refused, as by file systems that have no such files
    store = FolderStore(tmp_path, lambda key, _lifetime: key)
    with store.spool() as body:
        body.write(b"a photo")
        body.seek(0)
        store.put("job/original", body, "image/jpeg")
    assert store.get("job/original") == b"a photo"


def test_a_spool_is_given_though_the_folder_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = FolderStore(tmp_path / "file" / "objects", lambda key, _lifetime: key)
    with store.spool() as body, pytest.raises(StorageRefusedError):
        store.put("a", body, "image/jpeg")


def test_a_folder_goes_with_its_last_object(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, lambda key, _lifetime: key)
    for key in ("job/original", "job/clean.jpg"):
        put(store, key, b"x")

    store.delete("job/original")
    assert list(store.keys("")) == ["job/clean.jpg"]
    store.delete("job/clean.jpg")
    store.delete("job/clean.jpg")
    assert [path.name for path in tmp_path.iterdir()] == [INCOMING]


def test_an_object_whose_folder_goes_at_that_moment_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore(tmp_path, lambda key, _lifetime: key)
    replace, goes = Path.replace, [True, True]

    def take_away_and_replace(file: Path, target: Path) -> Path:
        if goes:
            target.parent.rmdir()
            goes.pop()
        return replace(file, target)

    monkeypatch.setattr(Path, "replace", take_away_and_replace)
    put(store, "job/original", b"x")
    assert (store.get("job/original"), goes) == (b"x", [])
