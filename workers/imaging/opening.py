"""Opens a picture from outside: its header first, then all of its pixels, or says with which code it is refused."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final

from PIL import AvifImagePlugin, Image

from domain.failures import FailureCode
from domain.formats import HEAD_BYTES, NO_IMAGES, brands_of, format_of, other_format_of
from workers.errors import PermanentError
from workers.imaging import png, webp
from workers.imaging.jpeg_structure import END, JpegStructure, structure_of

SEQUENCES: Final = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"avis", b"msf1"})
"""Brands of ISO media files that hold a moving picture."""
PADDINGS: Final = tuple(bytes([byte]) * 4096 for byte in (0b10101010, 0b01010101, 0b11111110))
"""Bits that differ from the first on: from each other, and from the zeros that the decoder takes after the last."""
PLUGINS: Final = {
    "JPEG": ("JPEG", "MPO"),
    "PNG": ("PNG",),
    "WEBP": ("WEBP",),
    "HEIC": ("HEIF",),
    "AVIF": ("AVIF",),
}
"""Pillow's plugins for each of our formats."""
STRIP: Final = 256
"""Rows that are hashed together."""

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread reserves memory, of which the child has a bounded amount


def open_header(data: bytes, *, max_pixels: int, max_side: int) -> Image.Image:
    """The picture with nothing but its header read, when it is one of ours and not too large."""
    head = data[:HEAD_BYTES]
    kind = _kind_of(head)
    structure = structure_of(data) if kind == "JPEG" else None
    if structure and structure.unsupported:
        raise PermanentError(FailureCode.UNSUPPORTED_FORMAT, structure.unsupported)
    whole = _mended(data, kind, structure)
    image = _parse_header(whole, kind, max_pixels)
    if image.width * image.height > max_pixels or max(image.size) > max_side:
        raise PermanentError(FailureCode.IMAGE_TOO_LARGE, f"{image.width} x {image.height}")
    if _moves(image, kind, head):
        raise PermanentError(FailureCode.ANIMATED_IMAGE, f"{kind} of several frames")
    if kind == "PNG":
        with damage_is_the_photos():
            if not png.has_every_row(whole):
                raise PermanentError(FailureCode.IMAGE_TRUNCATED, "a PNG that lacks rows")
    if structure and structure.end is None and not _has_every_pixel(data, structure):
        raise PermanentError(FailureCode.IMAGE_TRUNCATED, "a JPEG that breaks off")
    return image


def _kind_of(head: bytes) -> str:
    if kind := format_of(head):
        return kind
    other = other_format_of(head)
    code = FailureCode.NOT_AN_IMAGE if other is None or other in NO_IMAGES else FailureCode.UNSUPPORTED_FORMAT
    raise PermanentError(code, f"{other or 'unknown'}, starts with {head[:4].hex()}")


def _mended(data: bytes, kind: str, structure: JpegStructure | None) -> bytes:
    """The file without what its pixels do not need, where damage in that would refuse a whole photo."""
    if kind == "PNG":
        return png.mended(data)
    if kind == "WEBP":
        return webp.mended(data)
    return _ended(data) if structure and structure.end is None else data


def _moves(image: Image.Image, kind: str, head: bytes) -> bool:
    if kind == "JPEG":
        return False  # a phone's MPO file is a JPEG with further pictures behind it: the first one is the photo
    if kind in {"HEIC", "AVIF"} and SEQUENCES & set(brands_of(head)):
        return True
    # Several still pictures in a HEIC are a burst, of which one is the primary.
    return kind != "HEIC" and getattr(image, "n_frames", 1) > 1


def _has_every_pixel(data: bytes, structure: JpegStructure) -> bool:
    """Whether a JPEG without its end marker has all of its pixels.

    The decoder invents missing pixels from the bits that follow. So the decodings with different bits behind the file
    are all equal if and only if it needed none of them.
    """
    if not structure.scans_are_complete:
        return False
    pixels = _pixels_of(_ended(data))
    return all(_pixels_of(_ended(data, padding)) == pixels for padding in PADDINGS)


def _ended(data: bytes, padding: bytes = b"") -> bytes:
    # A single 0xFF at the end would join the marker behind it.
    return data.rstrip(b"\xff") + padding + END


def _pixels_of(data: bytes) -> bytes:
    """A digest of the decoded pixels."""
    with damage_is_the_photos(), Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        image.load()
        digest = sha256()
        for top in range(0, image.height, STRIP):
            digest.update(image.crop((0, top, image.width, min(top + STRIP, image.height))).tobytes())
    return digest.digest()


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
    if kind == "HEIC":
        _read_heic()
    with damage_is_the_photos(), _pillows_own_limit(max_pixels):
        try:
            return Image.open(io.BytesIO(data), formats=PLUGINS[kind])
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


def _read_heic() -> None:
    """Teach Pillow to read HEIC. Other jobs need not pay for the import."""
    import pillow_heif  # noqa: PLC0415 - 50 ms, for HEIC alone

    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
