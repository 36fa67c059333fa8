"""The object storage: a folder by default, a bucket of S3 or R2 when one is configured. Knows nothing of uploads."""

from collections.abc import Callable
from datetime import timedelta

from app.settings.environment import Settings
from app.storage.folder import FolderStore
from domain.ports import BlobStore


def open_store(settings: Settings, sign: Callable[[str, timedelta], str]) -> BlobStore:
    """The storage that the settings name; `sign` makes the URLs by which our own API serves a folder's objects."""
    if settings.s3_bucket is None:
        return FolderStore(settings.data_dir / "objects", sign)
    from app.storage.s3 import S3Store, s3_client  # noqa: PLC0415 - boto3 is slow to import and rarely needed

    return S3Store(s3_client(settings), settings.s3_bucket)
