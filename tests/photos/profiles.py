"""A colour profile made by hand, with the primaries of Display P3: no foreign profile is shipped."""

import struct
from typing import Final

P3_PRIMARIES: Final = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
"""Red, green and blue as XYZ, adapted to D50."""
GAMMA: Final = 2.2

_D50: Final = (0.9642, 1.0, 0.8249)


def p3_profile(description: str) -> bytes:
    """An ICC profile, version 2, with the primaries of Display P3 and a gamma of 2.2."""
    text = description.encode() + b"\0"
    curve = b"curv" + struct.pack(">IIH", 0, 1, round(GAMMA * 256))
    tags = {
        b"desc": b"desc" + struct.pack(">II", 0, len(text)) + text + bytes(78),
        b"cprt": b"text" + bytes(4) + text,
        b"wtpt": _xyz(_D50),
        **dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_xyz, P3_PRIMARIES), strict=True)),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    rest = struct.pack(">I", len(tags)) + table + body
    return _header(128 + len(rest)) + rest


def _header(size: int) -> bytes:
    start = struct.pack(">I4xI4s4s4s12x4s28x", size, 0x02100000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return start + _fixed(_D50) + bytes(48)


def _xyz(value: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(value)


def _fixed(value: tuple[float, float, float]) -> bytes:
    return struct.pack(">3i", *(round(part * 65536) for part in value))
