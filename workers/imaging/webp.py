"""Keeps only the parts of a WebP that its pixels need, so that damage elsewhere does not refuse a whole photo."""

import re
import struct
from collections.abc import Iterator
from typing import Final

from domain.failures import FailureCode
from workers.errors import PermanentError

KEPT: Final = {
    b"VP8X": 0,
    b"ICCP": 0x20,
    b"ALPH": 0x10,
    b"EXIF": 0x08,
    b"ANIM": 0x02,
    b"ANMF": 0,
    b"VP8 ": 0,
    b"VP8L": 0,
}
"""The chunks that count, each with its flag in VP8X."""
PIXELS: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANMF"})
PICTURE: Final = re.compile(rb"VP8 .{7}\x9d\x01\x2a|VP8L.{4}\x2f|ALPH", re.DOTALL)
"""The chunk of pixels, with the signature of its content."""
NAME: Final = re.compile(rb"[ -~]{4}")
HEAD_BYTES: Final = 12
EXTENDED_BYTES: Final = 10
"""The size of VP8X."""
MAX_CHUNKS: Final = 10_000


def mended(data: bytes, max_pixels: int) -> bytes:
    """The WebP of its whole chunks; as it was, where its pixels are cut or its structure is not one.

    Raises PermanentError if there are too many chunks.
    """
    chunks: list[tuple[bytes, bytes]] = []
    for kind, body, is_whole in _chunks(data):
        if not is_whole:
            return data
        chunks.append((kind, body))
    if not any(kind in PIXELS for kind, _ in chunks):
        return data
    if chunks[0][0] != b"VP8X":
        # Only the extended form may have more than the picture.
        chunks = [chunk for chunk in chunks if chunk[0] in {b"VP8 ", b"VP8L"}][:1]
    whole = [(kind, _extended(body, chunks, max_pixels) if kind == b"VP8X" else body) for kind, body in chunks]
    packed = b"".join(_packed(kind, body) for kind, body in whole)
    return b"RIFF" + struct.pack("<I", 4 + len(packed)) + b"WEBP" + packed


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """The kind and the content of each chunk that counts, and whether it is whole."""
    offset, count, has_pixels = HEAD_BYTES, 0, False
    while offset + 8 <= len(data):
        count += 1
        if count > MAX_CHUNKS:
            raise PermanentError(FailureCode.IMAGE_TOO_COMPLEX, f"a WebP of more than {MAX_CHUNKS} chunks")
        kind, length = struct.unpack_from("<4sI", data, offset)
        end = offset + 8 + length + length % 2
        if kind not in PIXELS and not has_pixels and not _may_begin(data, end):
            # Its length is wrong, or garbage follows: the pixels are looked for by what they begin with.
            if kind == b"VP8X" and length == EXTENDED_BYTES:
                yield kind, data[offset + 8 : offset + 8 + length], True
            found = PICTURE.search(data, offset + 1)
            if found is None:
                return
            offset = found.start()
            continue
        if kind in KEPT:
            body = data[offset + 8 : offset + 8 + length]
            is_whole = len(body) == length
            if not is_whole and kind not in PIXELS:
                return
            yield kind, body, is_whole
            has_pixels = has_pixels or kind in PIXELS
        offset = end


def _may_begin(data: bytes, offset: int) -> bool:
    """Whether a chunk may begin there."""
    return offset + 8 <= len(data) and NAME.match(data, offset) is not None


def _extended(body: bytes, chunks: list[tuple[bytes, bytes]], max_pixels: int) -> bytes:
    """VP8X without the flags of chunks that are gone. The canvas of a still picture is as large as the picture.

    libwebp refuses one of another size, although no pixel is missing. One that is too large stays, and is refused.
    """
    there = 0x10  # alpha may be inside of VP8L
    for kind, _ in chunks:
        there |= KEPT[kind]
    flagged = bytes([body[0] & there]) + body[1:] if body else body
    claimed = _side(flagged[4:7]) * _side(flagged[7:10])
    if claimed > max_pixels or any(kind == b"ANMF" for kind, _ in chunks):
        return flagged
    canvas = next((_canvas(kind, picture) for kind, picture in chunks if kind in {b"VP8 ", b"VP8L"}), b"")
    return flagged[:4] + canvas if canvas else flagged


def _canvas(kind: bytes, picture: bytes) -> bytes:
    """A picture's width and height as VP8X has them, each less one; nothing where it does not begin as a picture."""
    if PICTURE.match(_packed(kind, picture)) is None:
        return b""
    if kind == b"VP8L":
        packed = int.from_bytes(picture[1:5], "little")
        sides = packed & 0x3FFF, packed >> 14 & 0x3FFF
    else:
        packed = int.from_bytes(picture[6:10], "little")
        sides = max((packed & 0x3FFF) - 1, 0), max((packed >> 16 & 0x3FFF) - 1, 0)
    return b"".join(side.to_bytes(3, "little") for side in sides)


def _side(less_one: bytes) -> int:
    return int.from_bytes(less_one, "little") + 1


def _packed(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
