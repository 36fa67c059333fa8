"""Keeps only the parts of a PNG that its pixels need, so that damage elsewhere does not refuse a whole photo.

Text is dropped unread, however long it is unpacked. A chunk that the pixels do not need counts only if it is well
formed. The pixels are whole if all rows are there and one checksum is right: the CRC of their chunks, or the Adler-32
of their stream.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

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
STEP_BYTES: Final = 2**16
"""How much is unpacked at a time and then dropped, so that memory does not grow with the picture."""
MAX_PROFILE_BYTES: Final = 2**20
"""Pillow's own limit, beyond which it refuses the whole file."""
ZLIB_HEAD: Final = b"\x78\x01"
LOST_AND_FOUND: Final = re.compile(b"IHDR|PLTE|tRNS|IDAT|IEND")
MAX_SEARCHES: Final = 4
MAX_CANDIDATES: Final = 8
"""The candidates that one search checks. Each may cost a checksum of the whole file."""


class Png(Struct, frozen=True):
    """The parts of a file that count."""

    header: bytes
    further: tuple[tuple[bytes, bytes], ...]
    """The useful chunks that are well formed, and the palette, in their order."""
    packed: bytes
    header_is_proven: bool
    """Whether the header's CRC is right."""
    pixels_are_proven: bool
    """Whether the CRC of every chunk of pixels is right."""
    is_animated: bool
    """Whether it announces several frames and has them."""

    def file(self) -> bytes:
        """The file of these parts."""
        chunks = ((b"IHDR", self.header), *self.further, (b"IDAT", self.packed), (b"IEND", b""))
        return SIGNATURE + b"".join(part for kind, body in chunks for part in _chunk(kind, body))

    def whole(self) -> "Png":
        """The same with a right checksum of its pixels. Raises PermanentError if they are not whole. Unpacks them."""
        unpacked = _unpacked(self.packed, self._row_bytes())
        if unpacked.missing > 0:
            raise PermanentError(FailureCode.IMAGE_TRUNCATED, f"a PNG that lacks {unpacked.missing} bytes of its rows")
        if not self.pixels_are_proven and not unpacked.is_proven:
            raise PermanentError(FailureCode.IMAGE_TRUNCATED, "a PNG whose pixels have no right checksum")
        if not self.header_is_proven and not (unpacked.is_proven and unpacked.missing == 0):
            raise PermanentError(FailureCode.IMAGE_TRUNCATED, "a PNG whose header is damaged")
        return replace(self, packed=unpacked.mended, header_is_proven=True, pixels_are_proven=True)

    def _row_bytes(self) -> int:
        width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", self.header)
        return _unpacked_bytes(width, height, depth * CHANNELS.get(colour, 1), interlaced=bool(interlaced))


class _Unpacked(Struct, frozen=True):
    missing: int
    """Bytes of rows; less than zero if there are more than the header asks for."""
    is_proven: bool
    """Whether the stream's own checksum is right."""
    mended: bytes


def parts_of(data: bytes) -> Png:
    """The parts that count. Raises PermanentError without a header, and if there are too many chunks."""
    header, header_is_proven, pixels_are_proven = b"", False, True
    found: dict[bytes, bytes] = {}
    packed: list[bytes] = []
    announced, frames = 0, 0
    for kind, body, is_right in _chunks(data):
        if kind == b"IHDR" and not header:
            header, header_is_proven = body, is_right
        elif kind == b"IDAT":
            packed.append(body)
            pixels_are_proven = pixels_are_proven and is_right
        elif kind == FRAME:
            frames += 1
        elif kind == ANIMATION:
            announced = int.from_bytes(body[:4], "big") if is_right and len(body) == ANIMATION_BYTES else 0
        elif is_right and (kind == b"PLTE" or kind in USEFUL):
            found.setdefault(kind, body)
    if len(header) < struct.calcsize(">IIBBBBB"):
        raise PermanentError(FailureCode.IMAGE_TRUNCATED, "a PNG without a header")
    further = tuple(_well_formed(found, colour=header[9]))
    is_animated = announced > 1 and frames > 1
    return Png(header, further, b"".join(packed), header_is_proven, pixels_are_proven, is_animated)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Kind and content of each chunk, and whether its CRC is right; that of a cut one is not known to be wrong."""
    offset, count, searches = len(SIGNATURE), 0, 0
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
            yield kind, data[offset + 8 : offset + 8 + length], is_right or is_cut
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


def _unpacked(packed: bytes, wanted: int) -> _Unpacked:
    """Unpack the rows and no more. What follows them is left to the decoder, which does not read it either."""
    unpacker, checksum, missing, offset = zlib.decompressobj(-zlib.MAX_WBITS), zlib.adler32(b""), wanted, len(ZLIB_HEAD)
    try:
        while not unpacker.eof and missing >= 0:
            piece = unpacker.unconsumed_tail
            if not piece:
                piece, offset = packed[offset : offset + STEP_BYTES], offset + STEP_BYTES
            rows = unpacker.decompress(piece, STEP_BYTES)
            if not piece and not rows:
                break
            checksum, missing = zlib.adler32(rows, checksum), missing - len(rows)
    except zlib.error as error:
        raise PermanentError(FailureCode.IMAGE_TRUNCATED, f"a PNG whose pixels cannot be unpacked: {error}") from error
    if not unpacker.eof:
        return _Unpacked(missing, is_proven=False, mended=packed)
    end = min(offset, len(packed)) - len(unpacker.unused_data)
    right = checksum.to_bytes(4, "big")
    return _Unpacked(missing, packed[end : end + 4] == right, ZLIB_HEAD + packed[len(ZLIB_HEAD) : end] + right)


def _unpacked_bytes(width: int, height: int, bits: int, *, interlaced: bool) -> int:
    """Each row has a byte for its filter. An interlaced picture is seven smaller ones."""
    sizes = [(width, height)]
    if interlaced:
        sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in ADAM7]
    return sum(rows * (1 + (columns * bits + 7) // 8) for columns, rows in sizes if columns > 0 and rows > 0)


def _is_right(data: bytes, offset: int) -> bool:
    """Whether the CRC of the chunk is."""
    end = offset + 8 + int.from_bytes(data[offset : offset + 4], "big")
    return zlib.crc32(memoryview(data)[offset + 4 : end]) == int.from_bytes(data[end : end + 4], "big")


def _chunk(kind: bytes, body: bytes) -> tuple[bytes, bytes, bytes]:
    return struct.pack(">I4s", len(body), kind), body, struct.pack(">I", zlib.crc32(kind + body))
