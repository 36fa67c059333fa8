"""Every object storage keeps the same promises: a folder, and a bucket over HTTP."""

import io
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote

import httpx
import pytest

from app.storage import open_store
from app.storage.folder import FolderStore
from app.storage.s3 import S3Store
from domain.errors import BlobNotFoundError
from domain.ports import BlobStore
from tests.fakes.s3 import FakeS3
from tests.fakes.server import serving
from tests.integration.storage.http_storages import FolderHttp, put
from tests.s3_server import S3Server

MINUTE = timedelta(minutes=1)


DEADLINE_SECONDS = 10.0


@pytest.fixture
def folder_store(tmp_path: Path) -> Iterator[FolderStore]:
    root = tmp_path / "objects"
    handler = type("Handler", (FolderHttp,), {"root": root})
    with serving(handler) as url:
        yield FolderStore(root, lambda key, life: f"{url}/{quote(key)}?until={time.time() + life.total_seconds()}")


@pytest.fixture(scope="module")
def fake_store() -> Iterator[BlobStore]:
    """What other tests let fail: it keeps the promises too, or they would show nothing."""
    with FakeS3() as fake:
        yield open_store(S3Server(fake.environ).settings, lambda key, _lifetime: key)
        assert fake.turned_away == ["AccessDenied"] * fake.turned_away.count("AccessDenied"), "links expire"


@pytest.fixture(params=["folder", "s3", "fake"])
def store(request: pytest.FixtureRequest) -> BlobStore:
    found: BlobStore = request.getfixturevalue(f"{request.param}_store")
    for key in found.keys(""):
        found.delete(key)
    return found


class SourceBrokenError(Exception):
    """Where the body came from broke off."""


class BrokenBody(io.BufferedIOBase):
    """A body that breaks off after 3 MiB."""

    def __init__(self) -> None:
        self._left = 3

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        if not self._left:
            raise SourceBrokenError
        self._left -= 1
        return bytes(size or 0)


def test_what_was_put_is_got(store: BlobStore) -> None:
    put(store, "one/original", b"a photo")
    assert store.get("one/original") == b"a photo"


def test_an_empty_object_is_an_object(store: BlobStore) -> None:
    put(store, "one/empty", b"")
    assert store.get("one/empty") == b""
    assert list(store.keys("one/")) == ["one/empty"]


def test_only_the_rest_of_a_body_is_stored(store: BlobStore) -> None:
    body = io.BytesIO(b"header|content")
    body.seek(7)
    store.put("one/rest", body, "text/plain")
    assert store.get("one/rest") == b"content"


def test_a_body_that_can_be_read_only_once_is_stored_whole(store: BlobStore) -> None:
    script = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 8192)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as source:
        assert source.stdout is not None
        store.put("one/pipe", cast("BinaryIO", source.stdout), "application/octet-stream")
    assert store.get("one/pipe") == bytes(range(256)) * 8192


def test_a_spooled_body_is_stored_whole_or_from_where_it_stands_and_again(store: BlobStore) -> None:
    for start, stored in ((0, b"header|content"), (7, b"content"), (0, b"header|content")):
        with store.spool() as body:
            body.write(b"header|content")
            body.seek(start)
            store.put("one/spooled", body, "text/plain")
        assert store.get("one/spooled") == stored
    assert list(store.keys("")) == ["one/spooled"]


def test_a_spooled_body_that_is_not_stored_leaves_nothing(store: BlobStore) -> None:
    with store.spool() as body:
        body.write(b"refused")
    assert list(store.keys("")) == []


def test_putting_again_replaces(store: BlobStore) -> None:
    put(store, "one/original", b"first, and longer")
    put(store, "one/original", b"second")
    assert store.get("one/original") == b"second"


def test_a_body_that_breaks_off_leaves_the_old_object(store: BlobStore) -> None:
    put(store, "one/original", b"old")
    with pytest.raises(SourceBrokenError):
        store.put("one/original", cast("BinaryIO", BrokenBody()), "image/jpeg")
    assert store.get("one/original") == b"old"
    assert list(store.keys("")) == ["one/original"]


def test_a_missing_object_is_reported_as_missing(store: BlobStore) -> None:
    with pytest.raises(BlobNotFoundError):
        store.get("one/nothing")


def test_keys_are_listed_by_prefix_and_in_order(store: BlobStore) -> None:
    keys = ["a-b", "a.b", "a/b", "a/b-c", "a/bb/c", "ab/c", "b/1"]
    for key in reversed(keys):
        put(store, key, b"x")
    assert list(store.keys("")) == keys
    assert list(store.keys("a")) == keys[:-1]
    assert list(store.keys("a/")) == ["a/b", "a/b-c", "a/bb/c"]
    assert list(store.keys("a/b")) == ["a/b", "a/b-c", "a/bb/c"]
    assert list(store.keys("nothing/here")) == []


def test_deleting_twice_is_no_error(store: BlobStore) -> None:
    put(store, "one/original", b"a photo")
    store.delete("one/original")
    store.delete("one/original")
    assert list(store.keys("")) == []


@pytest.mark.parametrize(
    "key",
    ["", "/", "a/", "/a", "a//b", "..", "../a", "a/../b", "a/.", "a\\b", "a b", "é", "a\n", "a\0", "~a", "a" * 201],
)
def test_a_key_outside_of_the_grammar_is_refused(store: BlobStore, key: str) -> None:
    for call in (store.get, store.delete, lambda bad: put(store, bad, b""), lambda bad: store.signed_url(bad, MINUTE)):
        with pytest.raises(ValueError, match="not a key"):
            call(key)


@pytest.mark.parametrize("prefix", ["/", "../", "a//", "a/../", "*"])
def test_a_prefix_outside_of_the_grammar_is_refused(store: BlobStore, prefix: str) -> None:
    with pytest.raises(ValueError, match="not the beginning of a key"):
        list(store.keys(prefix))


def test_a_signed_url_serves_the_object_until_it_expires(store: BlobStore) -> None:
    put(store, "one/preview.jpg", b"a preview")
    assert httpx.get(store.signed_url("one/preview.jpg", timedelta(minutes=10))).content == b"a preview"
    url = store.signed_url("one/preview.jpg", timedelta(seconds=1))
    deadline = time.monotonic() + DEADLINE_SECONDS
    while httpx.get(url).status_code != 403:
        assert time.monotonic() < deadline, "the URL did not expire"


def test_a_storage_that_answers_can_be_pinged(store: BlobStore) -> None:
    store.ping()


def test_memory_does_not_follow_the_size_of_what_is_stored(s3_server: S3Server, tmp_path: Path) -> None:
    script = """
import resource, sys, tempfile
from app.settings.environment import Settings
from app.storage import open_store
import os
store = open_store(Settings.from_env(os.environ), lambda key, life: key)
with tempfile.TemporaryFile() as body:
    body.truncate(2**20), store.put("small", body, "image/jpeg")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    body.truncate(64 * 2**20), body.seek(0), store.put("big", body, "image/jpeg")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    for environ in (s3_server.environ, {"DATA_DIR": str(tmp_path)}):
        command = [sys.executable, "-c", script]
        grown = subprocess.run(command, env=environ, capture_output=True, check=True, timeout=60).stdout
        assert int(grown) < 8 * 1024, f"{grown!r} KiB more for 64 MiB"


def test_the_settings_choose_the_storage(s3_store: BlobStore, tmp_path: Path) -> None:
    assert isinstance(s3_store, S3Store)
    folder = open_store(S3Server({"DATA_DIR": str(tmp_path)}).settings, lambda key, _lifetime: key)
    assert isinstance(folder, FolderStore)
