"""Every object storage keeps the same promises: a folder, and a bucket over HTTP."""

import http.server
import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from app.storage import open_store
from app.storage.folder import INCOMING, STALE_SECONDS, FolderStore
from app.storage.s3 import S3Store
from domain.errors import BlobNotFoundError, StorageRefusedError, StorageUnavailableError
from domain.ports import BlobStore
from tests.fakes.s3 import FakeS3
from tests.s3_server import S3Server, running_s3_server
from tests.waiting import BUSY_SECONDS

MINUTE = timedelta(minutes=1)
DEADLINE_SECONDS = 10.0
KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


class FolderHttp(http.server.BaseHTTPRequestHandler):
    """Serves a folder store's objects as our API does: the URL names the key and the time when it expires."""

    root: Path

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        alive = float(parse_qs(parts.query)["until"][0]) > time.time()
        self.send_response(200 if alive else 403)
        self.end_headers()
        if alive:
            self.wfile.write((self.root / parts.path.lstrip("/")).read_bytes())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the base class gave it
        """Stay silent."""


@contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3Server]:
    with running_s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def s3_store(s3_server: S3Server) -> BlobStore:
    return open_store(s3_server.settings, lambda key, _lifetime: key)


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


def put(store: BlobStore, key: str, content: bytes) -> None:
    store.put(key, io.BytesIO(content), "image/jpeg")


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
    url = store.signed_url("one/preview.jpg", timedelta(seconds=2))
    assert httpx.get(url).content == b"a preview"
    deadline = time.monotonic() + DEADLINE_SECONDS
    while httpx.get(url).status_code != 403:
        assert time.monotonic() < deadline, "the URL did not expire"


def test_a_browser_that_is_led_to_the_bucket_saves_the_picture_under_a_name(s3_store: BlobStore) -> None:
    put(s3_store, "0f8f2c7e-3d0b-4a57/preview.jpg", b"a preview")
    answer = httpx.get(s3_store.signed_url("0f8f2c7e-3d0b-4a57/preview.jpg", MINUTE))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="darkroom-0f8f2c7e.jpg"'


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


def test_a_wrong_key_of_the_bucket_is_a_refusal(s3_server: S3Server) -> None:
    wrong = s3_server._replace(environ=s3_server.environ | {"AWS_SECRET_ACCESS_KEY": "wrong"})
    store = open_store(wrong.settings, lambda key, _lifetime: key)
    for call in (store.ping, lambda: store.get("a"), lambda: put(store, "a", b""), lambda: list(store.keys(""))):
        with pytest.raises(StorageRefusedError):
            call()


def test_a_missing_bucket_is_a_refusal(s3_server: S3Server) -> None:
    wrong = s3_server._replace(environ=s3_server.environ | {"S3_BUCKET": "nobodys-bucket"})
    store = open_store(wrong.settings, lambda key, _lifetime: key)
    for call in (store.ping, lambda: store.get("a"), lambda: put(store, "a", b"")):
        with pytest.raises(StorageRefusedError):
            call()


def test_a_server_that_is_away_is_unavailable_within_the_bound() -> None:
    away = S3Server({"S3_ENDPOINT_URL": "http://127.0.0.1:9", "S3_BUCKET": "b", **KEYS})
    store = open_store(away.settings, lambda key, _lifetime: key)
    began = time.monotonic()
    with pytest.raises(StorageUnavailableError):
        store.ping()
    assert time.monotonic() - began < 5 + BUSY_SECONDS


def test_a_bucket_without_any_key_is_a_refusal(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # else the driver asks for the machine's role
    without = {name: value for name, value in s3_server.environ.items() if not name.startswith("AWS")}
    with pytest.raises(StorageRefusedError, match="asks for a key"):
        open_store(S3Server(without).settings, lambda key, _lifetime: key).ping()


def test_an_object_that_only_trickles_in_is_given_up(s3_store: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(s3_store, "one/slow", bytes(2**21))
    monkeypatch.setattr("app.storage.s3.GET_SECONDS", 0)
    with pytest.raises(StorageUnavailableError):
        s3_store.get("one/slow")


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (403, "AccessDenied", StorageRefusedError),
        (401, "Unauthorized", StorageRefusedError),
        (404, "NoSuchBucket", StorageRefusedError),
        (404, "NoSuchKey", BlobNotFoundError),
        (400, "ExpiredToken", StorageRefusedError),
        (400, "RequestTimeout", StorageUnavailableError),
        (412, "PreconditionFailed", StorageUnavailableError),
        (429, "TooManyRequests", StorageUnavailableError),
        (500, "InternalError", StorageUnavailableError),
        (503, "SlowDown", StorageUnavailableError),
    ],
)
def test_an_answer_of_the_bucket_means_try_again_or_give_up(status: int, code: str, meaning: type[Exception]) -> None:
    body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()

    class Answer(FolderHttp):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Answer) as url:
        there = {"S3_ENDPOINT_URL": url, "S3_BUCKET": "bucket", **KEYS}
        store = open_store(S3Server(there).settings, lambda key, _lifetime: key)
        with pytest.raises(meaning):
            store.get("a")


ODD_ANSWERS = [
    (503, b"<Error><Message/></Error>", {}),
    (503, b"<Response><Error>no</Error></Response>", {}),
    (503, b"<Error><Code>A</Code><Code>B</Code></Error>", {}),
    (503, b"<Error><Code><Nested/></Code></Error>", {}),
    (200, b"<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>", {}),
    (200, b"no XML at all", {"Last-Modified": "junk"}),
]


@pytest.mark.parametrize(("status", "body", "headers"), ODD_ANSWERS)
def test_an_answer_that_the_driver_stumbles_over_may_pass(status: int, body: bytes, headers: dict[str, str]) -> None:
    with odd_store(status, body, headers) as store:
        outcomes = [
            outcome(call)
            for call in (lambda: store.get("a"), lambda: put(store, "a", b"x"), lambda: list(store.keys("a")))
        ]
    assert StorageUnavailableError in outcomes
    assert set(outcomes) <= {None, StorageUnavailableError}


@pytest.mark.parametrize("page", [b"<html><body>Welcome</body></html>", b"<Error><Code>SlowDown</Code></Error>"])
def test_a_page_that_is_no_listing_does_not_say_that_there_is_nothing(page: bytes) -> None:
    with odd_store(200, page, {}) as store, pytest.raises(StorageUnavailableError):
        store.keys("a")


def outcome(call: Callable[[], object]) -> type[Exception] | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - which one it is, is what is asked
        return type(error)
    return None


@contextmanager
def odd_store(status: int, body: bytes, headers: dict[str, str]) -> Iterator[BlobStore]:
    """A bucket that has one answer to everything."""

    class Answer(FolderHttp):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_GET  # noqa: N815 - the name that the base class looks up

    with serving(Answer) as url:
        there = {"S3_ENDPOINT_URL": url, "S3_BUCKET": "bucket", **KEYS}
        yield open_store(S3Server(there).settings, lambda key, _lifetime: key)


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


def test_the_settings_choose_the_storage(s3_store: BlobStore, tmp_path: Path) -> None:
    assert isinstance(s3_store, S3Store)
    folder = open_store(S3Server({"DATA_DIR": str(tmp_path)}).settings, lambda key, _lifetime: key)
    assert isinstance(folder, FolderStore)
