"""What a file really is, by its first bytes. Believes no name and no media type, and decodes nothing.

Cheap and safe on anything, so that a caller may ask before it stores a byte.
"""

import re
from typing import Final

from domain.failures import FailureCode
from workers.errors import PermanentError

HEAD_BYTES: Final = 32
"""How much of the start of a file is looked at."""

_ACCEPTED: Final = {
    "JPEG": re.compile(rb"\xff\xd8\xff", re.DOTALL),
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n", re.DOTALL),
    "WEBP": re.compile(rb"RIFF....WEBP", re.DOTALL),
}

_OTHER_IMAGES: Final = re.compile(
    rb"GIF8[79]a"  # GIF
    rb"|BM....\0\0\0\0....[\x0c-\x7c]\0\0\0"  # BMP: its reserved bytes and the size of its second header
    rb"|II[\x2a\x2b]\0|MM\0[\x2a\x2b]"  # TIFF, BigTIFF and most raw photos
    rb"|....ftyp(?:avif|avis|heic|heix|heif|hevc|hevx|heim|heis|mif1|msf1|crx )"  # AVIF, HEIF, Canon raw
    rb"|\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"  # JPEG 2000
    rb"|\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n"  # JPEG XL
    rb"|8BPS\0\x01"  # Photoshop
    rb"|\0\0[\x01\x02]\0[^\0]\0"  # icons and cursors
    rb"|FUJIFILMCCD-RAW",
    re.DOTALL,
)


def sniff(head: bytes) -> str:
    """JPEG, PNG or WEBP, or PermanentError with NOT_AN_IMAGE or UNSUPPORTED_FORMAT."""
    for name, signature in _ACCEPTED.items():
        if signature.match(head):
            return name
    if _OTHER_IMAGES.match(head):
        raise PermanentError(FailureCode.UNSUPPORTED_FORMAT, f"starts with {head[:4].hex()}")
    raise PermanentError(FailureCode.NOT_AN_IMAGE, f"starts with {head[:4].hex()}")
