"""Keeps of a PNG what its pixels need, so that damage elsewhere does not refuse a whole photo.

Text is dropped unread, however long it is unpacked. A chunk that the pixels do not need counts only with a right CRC.
Damaged pixels stay damaged: the CRC of a needed chunk is kept as it is.
"""

import struct
import zlib
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
NEEDED: Final = frozenset({b"IHDR", b"PLTE", b"IDAT"})
USEFUL: Final = frozenset({b"tRNS", b"iCCP", b"sRGB", b"cICP", b"eXIf", b"acTL"})
"""Transparency, colours, orientation, and whether it is animated."""
CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""By the colour type of the header."""
ADAM7: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column and row, and steps, of the passes of an interlaced picture (PNG specification, 8.1)."""
STEP_BYTES: Final = 2**20
"""What is unpacked at a time, and forgotten: memory does not follow the picture."""
END: Final = b"\0\0\0\0IEND\xaeB`\x82"


def mended(data: bytes) -> bytes:
    """The PNG of the chunks that count. A file that breaks off in its pixels keeps what there is of them."""
    view = memoryview(data)
    kept: list[bytes | memoryview] = [SIGNATURE]
    place = len(SIGNATURE)
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if kind == b"IEND":
            break
        if end > len(data):
            if kind == b"IDAT":
                kept += _chunk(kind, bytes(view[place + 8 : place + 8 + length]))
            break
        if kind in NEEDED or (kind in USEFUL and _is_right(view[place + 4 : end])):
            kept.append(view[place:end])
        place = end
    return b"".join([*kept, END])


def has_every_row(data: bytes) -> bool:
    """Whether the packed pixels of a mended PNG unpack to what its header asks for. Pillow does not look."""
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, len(SIGNATURE) + 8)
    missing = _unpacked_bytes(width, height, depth * CHANNELS.get(colour, 1), interlaced=bool(interlaced))
    unpacker = zlib.decompressobj()
    place = len(SIGNATURE)
    while missing > 0 and place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        packed = data[place + 8 : place + 8 + length] if kind == b"IDAT" else b""
        while packed and missing > 0:
            missing -= len(unpacker.decompress(packed, STEP_BYTES))
            packed = unpacker.unconsumed_tail
        place += 12 + length
    return missing <= 0


def _unpacked_bytes(width: int, height: int, bits: int, *, interlaced: bool) -> int:
    """Each row has a byte for its filter. An interlaced picture is seven smaller ones."""
    sizes = [(width, height)]
    if interlaced:
        sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in ADAM7]
    return sum(rows * (1 + (columns * bits + 7) // 8) for columns, rows in sizes if columns > 0 and rows > 0)


def _is_right(chunk: memoryview) -> bool:
    return zlib.crc32(chunk[:-4]) == int.from_bytes(chunk[-4:], "big")


def _chunk(kind: bytes, body: bytes) -> tuple[bytes, bytes, bytes]:
    # Its CRC may be cut off as well. Pillow still refuses it if pixels are missing.
    return struct.pack(">I4s", len(body), kind), body, struct.pack(">I", zlib.crc32(kind + body))
