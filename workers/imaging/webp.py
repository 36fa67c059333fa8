"""Keeps of a WebP what its pixels need: broken or cut metadata behind them does not refuse a whole photo."""

import struct
from typing import Final

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


def mended(data: bytes) -> bytes:
    """The WebP of its whole chunks; as it was, where its pixels are cut or its structure is not one."""
    chunks: list[tuple[bytes, bytes]] = []
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        body = data[place + 8 : place + 8 + length]
        if len(body) < length:
            if kind in PIXELS or not any(name in PIXELS for name, _ in chunks):
                return data
            break
        if kind in KEPT:
            chunks.append((kind, body))
        place += 8 + length + length % 2
    if not chunks:
        return data
    packed = b"".join(_packed(kind, _flagged(body, chunks) if kind == b"VP8X" else body) for kind, body in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(packed)) + b"WEBP" + packed


def _flagged(body: bytes, chunks: list[tuple[bytes, bytes]]) -> bytes:
    """VP8X without the flags of chunks that are gone."""
    there = 0x10  # alpha may be inside of VP8L
    for kind, _ in chunks:
        there |= KEPT[kind]
    return bytes([body[0] & there]) + body[1:] if body else body


def _packed(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
