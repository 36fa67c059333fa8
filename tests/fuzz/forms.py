"""Multipart bodies by the dice: from what browsers send to what none does. Pure: a seed in, requests out."""

import random
from typing import Final

from msgspec import Struct

from tests.fuzz.damage import damaged

JPEG: Final = b"\xff\xd8\xff\xe0" + b"a photo, as far as its first bytes tell"
PHOTOS: Final = (JPEG, b"\x89PNG\r\n\x1a\n rest", b"RIFF\0\0\0\0WEBPVP8 ", b"<svg/>", b"%PDF-1.7", b"", b"\0" * 3000)
NAMES: Final = ("image", "image", "image", "note", "", "Image", "image\0", "ima\xefge", "image[]", "x" * 3000)
FILES: Final = ("a.jpg", "../../etc/passwd", "a\0b", "x" * 4000, "\u202egpj.exe", "%0d%0aX: 1", "", 'a"b', "a;b=c")
CHARSETS: Final = ("utf-8", "utf-16", "utf-7", "base64", "idna", "klingon", "undefined", "rot13", "zip", '"\0')
ENCODINGS: Final = ("base64", "quoted-printable", "binary", "gzip", "x" * 200, "")
TYPES: Final = (
    'multipart/form-data; boundary="{edge}"',
    "multipart/form-data; boundary={edge}",
    "multipart/form-data; boundary={edge}; charset=utf-16",
    "Multipart/Form-Data; Boundary={edge}",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/mixed; boundary={edge}",
    "multipart/form-data; boundary*=utf-8''{edge}",
    "application/x-www-form-urlencoded",
    "text/plain;;;",
    "",
)
BOUNDARIES: Final = ("edge", "e", "-" * 30 + "7d1", "x" * 70, "x" * 300, "a b", "--", "edge\t")


class Form(Struct, frozen=True):
    """A request to POST /api/uploads. With `pieces` the body goes in chunks of these sizes."""

    headers: dict[str, str]
    body: bytes
    pieces: tuple[int, ...] = ()


def form(dice: random.Random) -> Form:
    """The next one."""
    edge = dice.choice(BOUNDARIES) if dice.random() < 0.3 else "edge"
    body = b"".join(_part(edge.encode(), dice) for _ in range(dice.choice((1, 1, 1, 2, 3, 0, 17))))
    body += dice.choice((b"--%b--\r\n", b"--%b--", b"--%b", b"--%bX", b"")).replace(b"%b", edge.encode())
    if dice.random() < 0.2:
        body = body.replace(b"\r\n", dice.choice((b"\n", b"\r", b"\r\n\r\n")))
    if dice.random() < 0.4:
        body = damaged(body, dice)
    headers = {"Content-Type": _any(dice, TYPES, 0.3).replace("{edge}", edge.strip())}
    if dice.random() < 0.1:
        headers["Content-Encoding"] = dice.choice(("identity", "gzip", "x" * 100))
    if dice.random() < 0.1:
        headers["Idempotency-Key"] = dice.choice((f"{dice.getrandbits(128):032x}", "short", "x" * 400, "a b"))
    if dice.random() < 0.1:
        headers["X-Session-Token"] = dice.choice(("forged", "x" * 5000, "a.b.c", "\xe9"))
    pieces = tuple(dice.choice((1, 7, 100, 5000)) for _ in range(20)) if dice.random() < 0.3 else ()
    return Form(headers, body, pieces)


def _any(dice: random.Random, choices: tuple[str, ...], odd: float) -> str:
    """Mostly the first."""
    return dice.choice(choices) if dice.random() < odd else choices[0]


def _part(edge: bytes, dice: random.Random) -> bytes:
    disposition = f'form-data; name="{_any(dice, NAMES, 0.3)}"; filename="{_any(dice, FILES, 0.4)}"'
    if dice.random() < 0.1:
        disposition = dice.choice(("form-data", "attachment; name=image", "form-data; name=image; name=note", ";;;"))
    lines = [f"Content-Disposition: {disposition}"]
    if dice.random() < 0.5:
        lines.append(f"Content-Type: image/jpeg; charset={dice.choice(CHARSETS)}")
    if dice.random() < 0.2:
        lines.append(f"Content-Transfer-Encoding: {dice.choice(ENCODINGS)}")
    if dice.random() < 0.1:
        lines += [dice.choice(("no colon", ": empty", "X: " + "y" * 9000, "Content-Length: -1", " folded"))] * 3
    head = "\r\n".join(dice.sample(lines, len(lines))).encode("utf-8", "surrogatepass")
    return b"--" + edge + b"\r\n" + head + b"\r\n\r\n" + _photo(dice) + b"\r\n"


def _photo(dice: random.Random) -> bytes:
    return dice.choice(PHOTOS) if dice.random() < 0.5 else JPEG
