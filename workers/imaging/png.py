"""Keeps only the parts of a PNG that its pixels need, so that damage elsewhere does not refuse a whole photo.

Text is dropped unread, however long it is unpacked. A chunk that the pixels do not need counts only if it is well
formed. The pixels are whole if all rows are there and one checksum is right: the CRC of their chunks, or the Adler-32
of their stream. The rows are unpacked once, while Pillow decodes them, and by isal: it takes a third of zlib's time.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Final

from isal import isal_zlib
from msgspec import Struct
from PIL.PngImagePlugin import PngImageFile

from domain.failures import FailureCode
from workers.errors import PermanentError
from workers.imaging.jobs import Unsupported, UnsupportedError

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
USEFUL: Final = (b"iCCP", b"tRNS", b"eXIf")
"""Colours, transparency and orientation."""
ANIMATION: Final = b"acTL"
"""How many frames there are, and how often they are played."""
ANIMATION_BYTES: Final = 8
FRAME: Final = b"fcTL"
KEPT: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", ANIMATION, FRAME, *USEFUL})
MAX_CHUNKS: Final = 100_000
"""An encoder with a buffer of 256 bytes needs no more for the largest upload."""
CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""By the colour type of the header."""
PALETTE: Final = 3
PALETTE_BYTES: Final = 3 * 256
TRANSPARENT_BYTES: Final = {0: 2, 2: 6}
"""The size of tRNS, by colour type; with a palette one for each of its first colours."""
ADAM7: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column and row, and steps, of the passes of an interlaced picture (PNG specification, 8.1)."""
STEP_BYTES: Final = 2**16 - 1
"""How much is unpacked at a time and then dropped, so that memory does not grow with the picture. A block's limit."""
MAX_PROFILE_BYTES: Final = 2**20
"""Pillow's own limit, beyond which it refuses the whole file."""
ZLIB_HEAD: Final = b"\x78\x01"
ADLER_BYTES: Final = 4
LOST_AND_FOUND: Final = re.compile(b"IHDR|PLTE|tRNS|IDAT|IEND")
MAX_SEARCHES: Final = 4
MAX_CANDIDATES: Final = 8
"""The candidates that one search checks. Each may cost a checksum of the whole file."""


class Png(Struct, frozen=True):
    """The parts of a file that count."""

    header: bytes
    further: tuple[tuple[bytes, bytes], ...]
    """The useful chunks that are well formed, and the palette, in their order."""
    packed: tuple[memoryview, ...]
    """The contents of the chunks of pixels, within the file."""
    header_is_proven: bool
    """Whether the header's CRC is right."""
    pixels_are_proven: bool
    """Whether the CRC of every chunk of pixels is right."""
    is_animated: bool
    """Whether it announces several frames and has them."""

    def file(self) -> bytes:
        """The file of these parts, but with no pixels in it."""
        chunks = ((b"IHDR", self.header), *self.further, (b"IDAT", b""), (b"IEND", b""))
        return SIGNATURE + b"".join(part for kind, body in chunks for part in _chunk(kind, body))

    def image(self) -> "PngOfRows":
        """The picture, not decoded. Its load() raises PermanentError if its pixels are not whole."""
        return PngOfRows(io.BytesIO(self.file()), self._rows())

    def _rows(self) -> Iterator[bytes]:
        """The rows in a zlib stream of stored blocks, which costs Pillow's own inflate next to nothing.

        What follows the rows is unpacked only where the checksum behind it is needed, and no more than a block of it.
        Raises PermanentError at the end if the rows are not whole, and whatever isal raises for a broken stream.
        """
        unpacker, pieces = isal_zlib.decompressobj(-zlib.MAX_WBITS), _pieces(self.packed)
        checksum, missing = isal_zlib.adler32(b""), self._row_bytes()
        least = 0 if self.pixels_are_proven and self.header_is_proven else -STEP_BYTES
        yield ZLIB_HEAD
        while not unpacker.eof and missing > least:
            piece = unpacker.unconsumed_tail or next(pieces, b"")
            rows = unpacker.decompress(piece, STEP_BYTES)
            if not piece and not rows:
                break
            checksum, missing = isal_zlib.adler32(rows, checksum), missing - len(rows)
            yield struct.pack("<BHH", 0, len(rows), len(rows) ^ 0xFFFF) + rows
        told = b"".join((unpacker.unused_data, *islice(pieces, ADLER_BYTES)))[:ADLER_BYTES]
        self._check(missing, is_proven=unpacker.eof and told == checksum.to_bytes(ADLER_BYTES, "big"))

    def _check(self, missing: int, *, is_proven: bool) -> None:
        """Raise PermanentError if bytes of rows are missing, or without the proof that is needed."""
        if missing > 0:
            raise PermanentError(FailureCode.IMAGE_TRUNCATED, f"a PNG that lacks {missing} bytes of its rows")
        if not self.pixels_are_proven and not is_proven:
            raise PermanentError(FailureCode.IMAGE_TRUNCATED, "a PNG whose pixels have no right checksum")
        if not self.header_is_proven and not (is_proven and missing == 0):
            raise PermanentError(FailureCode.IMAGE_TRUNCATED, "a PNG whose header is damaged")

    def _row_bytes(self) -> int:
        width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", self.header)
        return _unpacked_bytes(width, height, depth * CHANNELS.get(colour, 1), interlaced=bool(interlaced))


class PngOfRows(PngImageFile):
    """A PNG whose pixels come from elsewhere, as one zlib stream."""

    def __init__(self, file: io.BytesIO, stream: Iterator[bytes]) -> None:
        super().__init__(file)
        self._stream = stream

    def load_read(self, read_bytes: int) -> bytes:  # noqa: ARG002 - Pillow takes what it is given
        """The next piece of the stream."""
        return next(self._stream, b"")

    def load_end(self) -> None:
        """Read on to the end of the stream: only there it is known to be whole."""
        for _ in self._stream:
            pass
        super().load_end()


def parts_of(data: bytes) -> Png:
    """The parts that count. Raises PermanentError without a header, and if there are too many chunks."""
    header, header_is_proven, pixels_are_proven = b"", False, True
    found: dict[bytes, bytes] = {}
    packed: list[memoryview] = []
    announced, frames = 0, 0
    for kind, body, is_right in _chunks(data):
        if kind == b"IHDR" and not header:
            header, header_is_proven = bytes(body), is_right
        elif kind == b"IDAT":
            packed.append(body)
            pixels_are_proven = pixels_are_proven and is_right
        elif kind == FRAME:
            frames += 1
        elif kind == ANIMATION:
            announced = int.from_bytes(body[:4], "big") if is_right and len(body) == ANIMATION_BYTES else 0
        elif is_right and (kind == b"PLTE" or kind in USEFUL):
            found.setdefault(kind, bytes(body))
    if len(header) < struct.calcsize(">IIBBBBB"):
        raise PermanentError(FailureCode.IMAGE_TRUNCATED, "a PNG without a header")
    further = tuple(_well_formed(found, colour=header[9]))
    is_animated = announced > 1 and frames > 1
    return Png(header, further, tuple(packed), header_is_proven, pixels_are_proven, is_animated)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, bool]]:
    """Kind and content of each chunk, and whether its CRC is right; that of a cut one is not known to be wrong."""
    view, offset, count, searches = memoryview(data), len(SIGNATURE), 0, 0
    while offset + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, offset)
        start, end = offset + 5, offset + 12 + length
        count += 1
        if count > MAX_CHUNKS:
            raise PermanentError(FailureCode.IMAGE_TOO_COMPLEX, f"a PNG of more than {MAX_CHUNKS} chunks")
        if kind == b"CgBI":
            raise UnsupportedError(Unsupported.APPLE_PNG)
        if kind == b"IEND":
            return
        is_cut = end > len(data)
        wanted = kind in KEPT
        is_lost = kind != b"IDAT" and not _may_begin(data, end)
        is_right = (not is_cut and _is_right(data, offset)) if wanted or is_lost else False
        if wanted and (is_right or not is_lost):
            yield kind, view[offset + 8 : offset + 8 + length], is_right or is_cut
        offset = end
        if is_lost:
            searches += 1
            offset = _next_chunk(data, end if is_right else start) if searches <= MAX_SEARCHES else len(data)


def _may_begin(data: bytes, offset: int) -> bool:
    """Whether a chunk may begin there, or the file ends."""
    return offset == len(data) or (offset + 8 <= len(data) and data[offset + 4 : offset + 8].isalpha())


def _next_chunk(data: bytes, offset: int) -> int:
    """Where a chunk with a right CRC begins, behind one whose length is wrong; the end of the file without one."""
    for number, match in enumerate(LOST_AND_FOUND.finditer(data, offset)):
        if number == MAX_CANDIDATES:
            break
        start = match.start() - 4
        if start + 12 + int.from_bytes(data[start : start + 4], "big") <= len(data) and _is_right(data, start):
            return start
    return len(data)


def _well_formed(found: dict[bytes, bytes], colour: int) -> Iterator[tuple[bytes, bytes]]:
    palette = found.get(b"PLTE", b"")[:PALETTE_BYTES]
    palette = palette[: len(palette) // 3 * 3]
    profile = found.get(b"iCCP")
    if profile is not None and _is_profile(profile):
        yield b"iCCP", profile
    if colour == PALETTE and palette:
        yield b"PLTE", palette
    transparent = found.get(b"tRNS", b"")
    if (
        0 < len(transparent) <= len(palette) // 3
        if colour == PALETTE
        else len(transparent) == TRANSPARENT_BYTES.get(colour)
    ):
        yield b"tRNS", transparent
    if b"eXIf" in found:
        yield b"eXIf", found[b"eXIf"]


def _is_profile(body: bytes) -> bool:
    _, separator, packed = body.partition(b"\0")
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return False
    return bool(separator) and packed[:1] == b"\0" and bool(profile) and not unpacker.unconsumed_tail


def _pieces(packed: tuple[memoryview, ...]) -> Iterator[memoryview]:
    """The stream behind its head, in pieces that are not empty."""
    skipped = len(ZLIB_HEAD)
    for body in packed:
        for offset in range(skipped, len(body), STEP_BYTES):
            yield body[offset : offset + STEP_BYTES]
        skipped = max(0, skipped - len(body))


def _unpacked_bytes(width: int, height: int, bits: int, *, interlaced: bool) -> int:
    """Each row has a byte for its filter. An interlaced picture is seven smaller ones."""
    sizes = [(width, height)]
    if interlaced:
        sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in ADAM7]
    return sum(rows * (1 + (columns * bits + 7) // 8) for columns, rows in sizes if columns > 0 and rows > 0)


def _is_right(data: bytes, offset: int) -> bool:
    """Whether the CRC of the chunk is."""
    end = offset + 8 + int.from_bytes(data[offset : offset + 4], "big")
    return isal_zlib.crc32(memoryview(data)[offset + 4 : end]) == int.from_bytes(data[end : end + 4], "big")


def _chunk(kind: bytes, body: bytes) -> tuple[bytes, bytes, bytes]:
    return struct.pack(">I4s", len(body), kind), body, struct.pack(">I", isal_zlib.crc32(kind + body))
