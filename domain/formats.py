"""What a file is, by its first bytes. Trusts no name and no media type, and decodes nothing.

Cheap and safe on any input, so the API asks it before it stores a photo and the worker before it decodes one.
"""

import re
from typing import Final

from domain.other_formats import other_format_of

HEAD_BYTES: Final = 4096
"""How much of the start of a file is looked at: enough for the comment before an SVG and for a camera's first tags."""

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
"""Of an ISO media file."""
_GENERAL_BRANDS: Final = frozenset({b"mif1", b"mif2", b"msf1", b"miaf", b"MiHB", b"MiHE", b"MiPr", b"MA1A", b"MA1B"})
"""Of an ISO media file whose compatible brands tell more."""
_VOWEL_LETTERS: Final = frozenset("AEFHILMNOSX")
"""The letters whose names begin with a vowel, as an abbreviation is read."""


def format_of(head: bytes) -> str | None:
    """The accepted format of a file that begins so; None for every other file."""
    for name, signature in _SIGNATURES.items():
        if signature.match(head):
            return name
    return _iso_format(head) if head[4:8] == b"ftyp" else None


def refusal_of(head: bytes) -> str:
    """The sentence for the owner of a file that is not accepted."""
    name = other_format_of(head)
    if name is None:
        return f"This file is not a supported photo. Please choose a {ACCEPTED} image."
    return f"This is {_article(name)} {name} file. Please choose a {ACCEPTED} image."


def brands_of(head: bytes) -> list[bytes]:
    """The brands of an ISO media file: the major one, then the compatible ones."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[8:12], *(head[start : start + 4] for start in range(16, size - 3, 4))]


def _article(name: str) -> str:
    is_abbreviation = name[:2].isupper()
    return "an" if (name[0] in _VOWEL_LETTERS and is_abbreviation) or name[0].lower() in "aeiou" else "a"


def _iso_format(head: bytes) -> str | None:
    brands = brands_of(head)
    if brands[0] not in _BRANDS and brands[0] not in _GENERAL_BRANDS:
        return None
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)
