"""What a bucket answers means: it is there, it refuses, or it may pass."""

import time
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from app.storage import open_store
from domain.errors import BlobNotFoundError, StorageRefusedError, StorageUnavailableError
from domain.ports import BlobStore
from tests.integration.storage.http_storages import KEYS, odd_store, put
from tests.s3_server import S3Server
from tests.waiting import BUSY_SECONDS


def test_a_wrong_key_of_the_bucket_is_a_refusal(s3_server: S3Server) -> None:
    wrong = s3_server._replace(environ=s3_server.environ | {"AWS_SECRET_ACCESS_KEY": "wrong"})
    store = open_store(wrong.settings, lambda key, _lifetime: key)
    for call in (store.ping, lambda: store.get("a"), lambda: put(store, "a", b""), lambda: list(store.keys(""))):
        with pytest.raises(StorageRefusedError):
            call()


def test_a_missing_bucket_is_a_refusal(s3_server: S3Server) -> None:
    wrong = s3_server._replace(environ=s3_server.environ | {"S3_BUCKET": "absent-bucket"})
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
    with pytest.raises(StorageRefusedError, match="asks for a key: set AWS_ACCESS_KEY_ID"):
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
    with odd_store(status, body, {}) as store, pytest.raises(meaning):
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


def test_a_browser_that_is_led_to_the_bucket_saves_the_picture_under_a_name(s3_store: BlobStore) -> None:
    put(s3_store, "0f8f2c7e-3d0b-4a57/preview.jpg", b"a preview")
    answer = httpx.get(s3_store.signed_url("0f8f2c7e-3d0b-4a57/preview.jpg", timedelta(minutes=1)))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="darkroom-0f8f2c7e.jpg"'
