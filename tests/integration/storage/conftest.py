"""A real S3 server, one for each file of tests, and the storage on it."""

from collections.abc import Iterator

import pytest

from app.storage import open_store
from domain.ports import BlobStore
from tests.s3_server import S3Server, running_s3_server


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3Server]:
    with running_s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def s3_store(s3_server: S3Server) -> BlobStore:
    return open_store(s3_server.settings, lambda key, _lifetime: key)
