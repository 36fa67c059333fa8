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


def _is_right(chunk: memoryview) -> bool:
    return zlib.crc32(chunk[:-4]) == int.from_bytes(chunk[-4:], "big")


def _chunk(kind: bytes, body: bytes) -> tuple[bytes, bytes, bytes]:
    # Its CRC may be cut off as well. Pillow still refuses it if pixels are missing.
    return struct.pack(">I4s", len(body), kind), body, struct.pack(">I", zlib.crc32(kind + body))
