"""Storages in which one kind of object goes wrong."""

import io
from threading import Event
from typing import BinaryIO

from domain.errors import StorageRefusedError, StorageUnavailableError
from domain.ports import BlobStore


class Wrapped:
    """A storage in which something goes wrong with one kind of picture."""

    def __init__(self, blobs: BlobStore, kind: str) -> None:
        self._blobs = blobs
        self._kind = kind
        self.meddled = Event()
        """Set when the first picture of that kind came."""
        self.get, self.keys, self.delete = blobs.get, blobs.keys, blobs.delete
        self.signed_url, self.ping, self.spool = blobs.signed_url, blobs.ping, blobs.spool

    def put(self, key: str, body: BinaryIO, media_type: str) -> None:
        if f"/{self._kind}" in key:
            self.meddled.set()
            body = self.meddle(body)
        self._blobs.put(key, body, media_type)

    def meddle(self, body: BinaryIO) -> BinaryIO:
        raise NotImplementedError


class Broken(Wrapped):
    """It does not answer."""

    def meddle(self, body: BinaryIO) -> BinaryIO:
        raise StorageUnavailableError


class Forbidden(Wrapped):
    """It says no."""

    def meddle(self, body: BinaryIO) -> BinaryIO:
        raise StorageRefusedError


class Half(Wrapped):
    """It keeps half of what it is given, and says nothing."""

    def meddle(self, body: BinaryIO) -> BinaryIO:
        content = body.read()
        return io.BytesIO(content[: len(content) // 2])


class Absurd(Wrapped):
    """Its driver has a bug that shows a few times."""

    def __init__(self, blobs: BlobStore, kind: str, times: int) -> None:
        super().__init__(blobs, kind)
        self._times = times

    def meddle(self, body: BinaryIO) -> BinaryIO:
        self._times -= 1
        if self._times >= 0:
            raise ZeroDivisionError
        return body
