"""A photo on its way in: the multipart field `image`, streamed to a file that has no name, counted and hashed.

Litestar's own form parsing is not used: it reads text fields too, and answers 500 to encodings that it does not know.
Here every other field is skipped unread, and filenames are ignored.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from hashlib import sha256
from typing import Any, BinaryIO, Final

from anyio import to_thread
from litestar import Request
from msgspec import Struct
from multipart import (  # type: ignore[import-untyped] # it ships no types
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from app.api.http.encodings import refuse_encoding
from app.api.http.errors import BodyTooLargeError, BodyTooSlowError, MalformedError, UnsupportedMediaTypeError
from app.api.http.slots import Slot
from app.limits.in_flight import Count
from domain.errors import StorageUnavailableError
from domain.formats import HEAD_BYTES, MEDIA_TYPES, format_of, refusal_of

FIELD: Final = "image"
FRAME_BYTES: Final = 64 * 1024
"""What the multipart frame and other fields may add to the photo."""
PARTS: Final = 16
CHUNK_BYTES: Final = 256 * 1024
"""What is held in memory before a thread writes it to disk."""
PACE_SECONDS: Final = 0.02
"""How long the pace of a photo is measured. Short, so that hundreds of slow photos give up their slots in time."""
FAST_BYTES: Final = 20 * 1024
"""A photo is slow if it sends less than this in PACE_SECONDS, which is 1 MB/s."""


class Photo(Struct, frozen=True):
    """An original as it came in: its content, rewound, the SHA-256 and the size in bytes of that."""

    content: BinaryIO
    sha256: str
    size: int
    media_type: str


class Spool:
    """Takes a photo's bytes as they come."""

    def __init__(self, file: BinaryIO, max_bytes: int, count: Count) -> None:
        self._file = file
        self._count = count
        self._max_bytes = max_bytes
        self._hash = sha256()
        self._held = bytearray()
        self._head = b""
        self.size = 0

    async def write(self, chunk: bytes) -> None:
        """Take some more. Raises BodyTooLargeError, TooMuchInFlightError and StorageUnavailableError."""
        self.size += len(chunk)
        if self.size > self._max_bytes:
            raise BodyTooLargeError(self._max_bytes)
        self._count(len(chunk))
        self._held += chunk
        if len(self._held) >= CHUNK_BYTES:
            await self._flush()

    async def finish(self) -> Photo:
        """The photo. Raises UnsupportedMediaTypeError for what is none."""
        if not self.size:
            raise UnsupportedMediaTypeError("The file is empty.")
        await self._flush(rewind=True)
        kind = format_of(self._head)
        if kind is None:
            raise UnsupportedMediaTypeError(refusal_of(self._head))
        return Photo(self._file, self._hash.hexdigest(), self.size, MEDIA_TYPES[kind])

    async def _flush(self, *, rewind: bool = False) -> None:
        held, self._held = self._held, bytearray()
        self._head = self._head or bytes(held[:HEAD_BYTES])
        await to_thread.run_sync(self._keep, held, rewind)

    def _keep(self, held: bytearray, rewind: bool) -> None:  # noqa: FBT001 - a thread takes no keywords
        self._hash.update(held)
        try:
            self._file.write(held)
            if rewind:
                self._file.seek(0)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise StorageUnavailableError(f"A photo cannot be written to the disk: {reason}.") from error


@asynccontextmanager
async def received_photo(
    request: Request[Any, Any, Any],
    slot: Slot,
    count: Count,
    *,
    spool: Callable[[], BinaryIO],
    max_bytes: int,
    seconds: float,
) -> AsyncIterator[Photo]:
    """The photo of a request, for as long as the context lasts. Raises ApiErrors.

    A photo that comes slowly gives up its slot: only its client holds it up.
    """
    refuse_encoding(request)
    boundary = _boundary(request.headers.get("content-type", ""))
    _refuse_declared_size(request.headers.get("content-length", ""), max_bytes)
    with _closed_quietly(spool()) as file:
        spooling = Spool(file, max_bytes, count)
        pace = asyncio.create_task(_leave_if_slow(spooling, slot))
        try:
            async with asyncio.timeout(seconds):
                await _read(request, PushMultipartParser(boundary, max_segment_count=PARTS), spooling, max_bytes)
        except TimeoutError:
            raise BodyTooSlowError from None
        except MultipartError:
            raise MalformedError("This multipart body is broken.") from None
        finally:
            pace.cancel()
        yield await spooling.finish()


@contextmanager
def _closed_quietly(file: BinaryIO) -> Iterator[BinaryIO]:
    try:
        yield file
    finally:
        with suppress(OSError):  # what a full disk did not take, it is given once more
            file.close()


async def _leave_if_slow(spool: Spool, slot: Slot) -> None:
    size = -FAST_BYTES
    while spool.size - size >= FAST_BYTES:
        size = spool.size
        await asyncio.sleep(PACE_SECONDS)
    slot.leave()


def _boundary(content_type: str) -> str:
    media_type, options = parse_options_header(content_type)
    boundary: str = options.get("boundary", "")
    if media_type != "multipart/form-data" or not boundary or not boundary.isascii() or not boundary.isprintable():
        raise MalformedError(f"Send the photo as multipart/form-data, in the field `{FIELD}`.")
    return boundary


def _refuse_declared_size(content_length: str, max_bytes: int) -> None:
    # Its digits are limited by the server; what is no number here is the server's to judge.
    if content_length.isdecimal() and int(content_length) > max_bytes + FRAME_BYTES:
        raise BodyTooLargeError(max_bytes)


async def _read(request: Request[Any, Any, Any], parser: PushMultipartParser, spool: Spool, max_bytes: int) -> None:
    """Give the field's bytes to the spool. Raises MultipartError and ApiErrors."""
    fields = 0
    wanted = False
    async for chunk in _chunks(request, max_bytes):
        for event in parser.parse(chunk):
            if isinstance(event, MultipartSegment):
                wanted = event.name == FIELD
                fields += wanted
                if fields > 1:
                    raise MalformedError(f"Send one photo: the field `{FIELD}` is there more than once.")
            elif event and wanted:
                await spool.write(event)
    parser.close()
    if not fields:
        raise MalformedError(f"The multipart field `{FIELD}` is missing.")


async def _chunks(request: Request[Any, Any, Any], max_bytes: int) -> AsyncIterator[bytes]:
    received = 0
    while True:
        message = await request.receive()
        if message["type"] != "http.request":
            raise MalformedError("The body ended too early.")
        if body := message["body"]:
            received += len(body)
            if received > max_bytes + FRAME_BYTES:
                raise BodyTooLargeError(max_bytes)
            yield body
        if not message.get("more_body"):
            return
