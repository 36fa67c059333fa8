"""Opens a picture from outside: its header first, then all of its pixels, or says with which code it is refused."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import Image

from domain.failures import FailureCode
from workers.errors import PermanentError
from workers.imaging.formats import HEAD_BYTES, sniff

PNG_END: Final = b"\0\0\0\0IEND\xaeB`\x82"
"""The last chunk of every PNG. Pillow does not miss it, nor the end of the pixels' checksum."""


def open_header(data: bytes, *, max_pixels: int, max_side: int) -> Image.Image:
    """The picture with nothing but its header read, when it is one of ours and not too large."""
    kind = sniff(data[:HEAD_BYTES])
    image = _parse_header(data, kind, max_pixels)
    if image.width * image.height > max_pixels or max(image.size) > max_side:
        raise PermanentError(FailureCode.IMAGE_TOO_LARGE, f"{image.width} x {image.height}")
    # A phone's MPO file is a JPEG with further pictures behind it: the first one is the photo.
    if kind != "JPEG" and getattr(image, "n_frames", 1) > 1:
        raise PermanentError(FailureCode.ANIMATED_IMAGE, f"{kind} of several frames")
    if kind == "PNG" and PNG_END not in data:
        raise PermanentError(FailureCode.IMAGE_TRUNCATED, "a PNG without its end")
    return image


def decode(image: Image.Image) -> None:
    """Read every pixel, so that a photo that breaks off is noticed."""
    with damage_is_the_photos():
        image.load()


@contextmanager
def damage_is_the_photos() -> Iterator[None]:
    """Whatever Pillow raises in here, but for want of memory, means a damaged photo: IMAGE_TRUNCATED."""
    try:
        yield
    except (MemoryError, PermanentError):
        raise
    except Exception as error:  # Pillow's plugins raise whatever their parsers stumble over
        raise PermanentError(FailureCode.IMAGE_TRUNCATED, repr(error)) from error


def _parse_header(data: bytes, kind: str, max_pixels: int) -> Image.Image:
    formats = ("JPEG", "MPO") if kind == "JPEG" else (kind,)
    with damage_is_the_photos(), _pillows_own_limit(max_pixels):
        try:
            return Image.open(io.BytesIO(data), formats=formats)
        except Image.DecompressionBombError as error:
            raise PermanentError(FailureCode.IMAGE_TOO_LARGE, str(error)) from error


@contextmanager
def _pillows_own_limit(max_pixels: int) -> Iterator[None]:
    """Only this one comes before WebP's decoder sets aside memory for a whole canvas, as early as it reads a header.

    It is one for the process, warns at its value and refuses at twice that.
    """
    usual = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = max(max_pixels // 2, 1)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = usual
