"""The object storage as a bucket of S3, R2 or whatever speaks that protocol.

The driver's errors are translated here and nowhere else: whatever it stumbles over in an odd answer is trouble that
may pass. A call is bounded: connect 5 s, silence 20 s, two tries.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, NoCredentialsError, PartialCredentialsError

from app.settings.environment import Settings
from app.storage.keys import checked_key, checked_prefix
from domain.errors import BlobNotFoundError, DarkroomError, StorageRefusedError, StorageUnavailableError
from domain.objects import saved_name

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ObjectTypeDef

CONNECT_SECONDS: Final = 5
SILENCE_SECONDS: Final = 20
GET_SECONDS: Final = 60
"""How long one object may take to arrive, however steadily it trickles."""
WRITE_SECONDS: Final = 30
"""How long a written object proves that the bucket takes writes. A write costs money, and a look costs less."""
WRITABLE_KEY: Final = "~writable"
"""The empty object that `ping` writes; no key of ours has a tilde."""
PASSING_STATUSES: Final = {408, 409, 412, 425, 429}
"""Passing besides every 5xx. 412 is one: we send no conditions, so something on the way made it up."""
PASSING_CODES: Final = {"RequestTimeout", "SlowDown", "Throttling", "ThrottlingException"}
LISTING: Final = {"Name", "Prefix", "KeyCount", "MaxKeys", "IsTruncated", "EncodingType", "Contents"}
"""Members of a listing. Even an empty listing has one of them; an error page of a gateway has none."""


def s3_client(settings: Settings) -> "S3Client":
    """One client for the whole process; threads may share it. Without keys the machine's own role is used."""
    return boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        region_name=settings.s3_region,
        aws_access_key_id=settings.aws_access_key_id,
        aws_secret_access_key=settings.aws_secret_access_key,
        aws_session_token=settings.aws_session_token,
        config=Config(
            signature_version="s3v4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=SILENCE_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 2},
            max_pool_connections=64,
            s3={"addressing_style": "path"},
            # Checksums in trailers are Amazon's own; other implementations refuse them.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


class S3Store:
    """A BlobStore in a bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._write_at = -inf
        """When `ping` writes again, by the monotonic clock."""

    def spool(self) -> BinaryIO:
        """A file on this machine's disk."""
        return cast("BinaryIO", tempfile.TemporaryFile())

    def put(self, key: str, body: BinaryIO, media_type: str) -> None:
        """Store the rest of the body under the key, all of it or nothing, replacing what was there."""
        # One PUT is atomic; the driver streams it from the file.
        target = checked_key(key)
        try:
            with _rewindable(body) as file, _translated():
                self._client.put_object(Bucket=self._bucket, Key=target, Body=file, ContentType=media_type)
        except BlobNotFoundError as error:  # only a storage in trouble misses a key that it is given
            raise StorageUnavailableError from error

    def get(self, key: str) -> bytes:
        """The whole object."""
        target, deadline = checked_key(key), time.monotonic() + GET_SECONDS
        chunks = []
        with _translated():
            for chunk in self._client.get_object(Bucket=self._bucket, Key=target)["Body"].iter_chunks(2**20):
                if time.monotonic() > deadline:
                    raise StorageUnavailableError
                chunks.append(chunk)
        return b"".join(chunks)

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that starts with the prefix, in order."""
        pages = self._client.get_paginator("list_objects_v2")
        start = checked_prefix(prefix)
        with _translated():
            found = pages.paginate(Bucket=self._bucket, Prefix=start)
            # Sorted here: Amazon lists in order, other implementations one folder after the other.
            listed = (item["Key"] for page in found for item in _listed(page))
            return iter(sorted(key for key in listed if key != WRITABLE_KEY))

    def delete(self, key: str) -> None:
        """Remove the object; a key that is not there is no error."""
        target = checked_key(key)
        with _translated():
            self._client.delete_object(Bucket=self._bucket, Key=target)

    def signed_url(self, key: str, lifetime: timedelta) -> str:
        """A URL of the bucket itself that serves the object to its holder, for that long.

        A browser that is led there saves the object, under a name with the beginning of the upload's id: the bucket is
        another origin, where a page's own `download` is ignored.
        """
        parameters = {
            "Bucket": self._bucket,
            "Key": checked_key(key),
            "ResponseContentDisposition": f'attachment; filename="{saved_name(key)}"',
        }
        with _translated():
            return self._client.generate_presigned_url(
                "get_object", Params=parameters, ExpiresIn=int(lifetime.total_seconds())
            )

    def ping(self) -> None:
        """Return if the bucket answers and takes writes. Between two writes it is only asked whether it is there."""
        with _translated():
            if time.monotonic() < self._write_at:
                self._client.head_bucket(Bucket=self._bucket)
                return
            self._write_at = -inf
            self._client.put_object(Bucket=self._bucket, Key=WRITABLE_KEY, Body=b"")
            self._write_at = time.monotonic() + WRITE_SECONDS


@contextmanager
def _rewindable(body: BinaryIO) -> Iterator[BinaryIO]:
    """The body, by way of the disk if it cannot be read twice, as signing and a second try do."""
    if body.seekable():
        yield body
        return
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(body, file, 2**20)
        file.seek(0)
        yield cast("BinaryIO", file)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DarkroomError:
        raise
    except ClientError as error:
        raise _meaning(error) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise StorageRefusedError(
            "The object storage asks for a key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        ) from error
    except Exception as error:
        # Its parsers raise whatever an answer makes them stumble over, from KeyError to RecursionError.
        raise StorageUnavailableError from error


def _listed(page: "ListObjectsV2OutputTypeDef") -> "Sequence[ObjectTypeDef]":
    # To an XML parser an HTML page is a listing of nothing, and then a paid answer would be paid for again.
    if LISTING.isdisjoint(page):
        raise StorageUnavailableError
    return page.get("Contents", ())


def _meaning(error: ClientError) -> DarkroomError:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    code = _code(error.response)
    if code == "NoSuchKey":
        return BlobNotFoundError()
    if status >= 500 or status in PASSING_STATUSES or code in PASSING_CODES:  # noqa: PLR2004 - HTTP's server errors
        return StorageUnavailableError()
    return StorageRefusedError(f"The object storage refused: {code}. Its settings have to be mended.")


def _code(answer: object) -> str:
    match answer:
        case {"Error": {"Code": str(code)}}:
            return code
        case _:
            return "it gave no code"
