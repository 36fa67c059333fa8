"""Damages bytes: a few are changed, removed, repeated or put in, mostly near the beginning."""

import json
import random
from typing import Any, Final

HEAD_BYTES: Final = 700
LENGTHS: Final = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\1")


def damaged(content: bytes, dice: random.Random) -> bytes:
    """The content with one or more damages."""
    data = bytearray(content) or bytearray(b"\0")
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        length = max(len(data), 1)
        offset = dice.randrange(min(length, HEAD_BYTES) if dice.random() < 0.7 else length)
        count = dice.choice((1, 2, 4, 50))
        match dice.randrange(5):
            case 0:
                data[offset : offset + 1] = bytes([dice.randrange(256)])
            case 1:
                del data[offset : offset + count]
            case 2:
                data[offset:offset] = dice.randbytes(count)
            case 3:
                data[offset : offset + 4] = dice.choice(LENGTHS)
            case _:
                data[offset:offset] = data[offset : offset + count]
    return bytes(data)


ODD: Final[tuple[Any, ...]] = (
    *(None, True, 0, -1, 2**31, 2**63, 2**64, 10**400, 1.5, 1e308, "", "\0", "\ud800", "x" * 5000, "٣", "2026-13-40"),
    *("2026-01-01T00:00:00", "9999-12-31T23:59:59.999999-23:59", [], {}, [[[]]], {"": {}}, {"position": 1}),
)
"""Values that stand where another one was."""


def reshaped(content: bytes, dice: random.Random) -> bytes:
    """The JSON with members that are odd, missing, twice there or nested; damaged bytes where it is none."""
    try:
        value = json.loads(content)
    except ValueError:
        return damaged(content, dice)
    for _ in range(dice.choice((1, 1, 2, 4))):
        value = _changed(value, dice)
    if dice.random() < 0.03:
        depth = dice.choice((50, 2000, 200_000))
        return b"[" * depth + b"]" * depth
    text = json.dumps(value)
    if dice.random() < 0.1 and isinstance(value, dict) and value:
        text = f"{text[:-1]},{text[1:]}"  # each member twice
    return text.encode()


def _changed(value: Any, dice: random.Random) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict) and value and dice.random() < 0.9:
        name = dice.choice(sorted(value))
        rest = {other: inner for other, inner in value.items() if other != name}
        if dice.random() < 0.2:
            return rest
        return rest | {name if dice.random() < 0.9 else f"{name}x": _changed(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.7:
        offset = dice.randrange(len(value))
        return [*value[:offset], _changed(value[offset], dice), *value[offset + 1 :]]
    return dice.choice(ODD)
