"""What a file is, by its first bytes. Trusts no name and no media type, and decodes nothing.

Cheap and safe on any input, so the API asks it before it stores a photo and the worker before it decodes one.
"""

import re
from typing import Final

HEAD_BYTES: Final = 64
"""How much of the start of a file is looked at: enough for the brands of an ISO media file."""

MEDIA_TYPES: Final = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "HEIC": "image/heic",
    "AVIF": "image/avif",
}
"""The accepted formats."""
ACCEPTED: Final = "JPEG, PNG, WebP, HEIC or AVIF"
"""The accepted formats, in a sentence."""

_SIGNATURES: Final = {
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "WEBP": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
_BRANDS: Final = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "HEIC"),
}
"""Of an ISO media file. A general one (`mif1`, `msf1`) is told apart by its compatible brands."""
_OTHERS: Final = {
    "GIF": re.compile(rb"GIF8[79]a"),
    "BMP": re.compile(rb"BM....\0\0\0\0....[\x0c-\x7c]\0\0\0", re.DOTALL),
    "TIFF": re.compile(rb"II[\x2a\x2b]\0|MM\0[\x2a\x2b]"),  # most raw photos of cameras, too
    "Canon raw": re.compile(rb"....ftypcrx ", re.DOTALL),
    "Fuji raw": re.compile(rb"FUJIFILMCCD-RAW"),
    "JPEG 2000": re.compile(rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"),
    "JPEG XL": re.compile(rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n"),
    "Photoshop": re.compile(rb"8BPS\0[\x01\x02]"),
    "icon": re.compile(rb"\0\0[\x01\x02]\0[^\0]\0"),
    "PDF": re.compile(rb"%PDF-"),
    "ZIP": re.compile(rb"PK\x03\x04"),
    "SVG": re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<svg", re.IGNORECASE),
    "HTML": re.compile(rb"\s*<(?:!doctype html|html)", re.IGNORECASE),
    "video": re.compile(rb"....ftyp(?:mp4|isom|iso\d|qt  |M4V|avc1|3gp)|\x1a\x45\xdf\xa3|RIFF....AVI ", re.DOTALL),
}
"""Formats that are refused by name."""
NO_IMAGES: Final = frozenset({"PDF", "ZIP", "HTML", "video"})
"""Formats of this list that are no images at all."""


def format_of(head: bytes) -> str | None:
    """The accepted format of a file that begins so; None for every other file."""
    for name, signature in _SIGNATURES.items():
        if signature.match(head):
            return name
    return _iso_format(head) if head[4:8] == b"ftyp" else None


def other_format_of(head: bytes) -> str | None:
    """The name of a format that is not accepted; None for what is not known."""
    return next((name for name, signature in _OTHERS.items() if signature.match(head)), None)


def refusal_of(head: bytes) -> str:
    """The sentence for the owner of a file that is not accepted."""
    name = other_format_of(head)
    if name is None:
        return f"This file is not a supported photo. Please choose a {ACCEPTED} image."
    article = "an" if name in {"SVG", "HTML", "icon"} else "a"
    return f"This is {article} {name} file. Please choose a {ACCEPTED} image."


def brands_of(head: bytes) -> list[bytes]:
    """The brands of an ISO media file: the major one, then the compatible ones."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[8:12], *(head[start : start + 4] for start in range(16, size - 3, 4))]


def _iso_format(head: bytes) -> str | None:
    brands = brands_of(head)
    if brands[0] in _BRANDS:
        return _BRANDS[brands[0]]
    if brands[0] not in {b"mif1", b"msf1"}:
        return None
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)
