"""Opens a picture from outside: its header first, then all of its pixels, or says with which code it is refused."""

import codecs
import importlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final

from PIL import AvifImagePlugin, Image

from domain.failures import FailureCode
from domain.formats import HEAD_BYTES, brands_of, format_of
from domain.other_formats import is_image, other_format_of
from workers.errors import PermanentError
from workers.imaging import iso, jpeg_header, png, webp
from workers.imaging.jobs import UnsupportedError
from workers.imaging.jpeg_structure import END, structure_of

SEQUENCES: Final = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"avis", b"msf1"})
"""Brands of ISO media files that hold a moving picture."""
PADDINGS: Final = tuple(bytes([byte]) * 4096 for byte in (0b10101010, 0b01010101))
"""Bits that differ from the first on: from each other, and one of them from the zeros that the decoder takes."""
MAX_BLOCK_VISITS: Final = 30_000_000
"""In all scans of a JPEG. Each costs up to 25 ns. 50 megapixels in four inks and progressive scans have 19 million."""
MAX_BLOCK_VISITS_WITHOUT_END: Final = 15_000_000
"""The same for a JPEG that is decoded once more for each padding. 50 megapixels in full colour have 11 million."""
PLUGINS: Final = {
    "JPEG": ("JPEG",),
    "PNG": ("PNG",),
    "WEBP": ("WEBP",),
    "HEIC": ("HEIF",),
    "AVIF": ("AVIF",),
}
"""Pillow's plugins for each of our formats."""
LATE_MODULES: Final = ("PIL.TiffImagePlugin", "PIL.ImagePalette")
CODECS: Final = ("ascii", "latin-1", "utf-8", "utf-16", "utf-16-le", "utf-16-be")
"""What Pillow reads texts with."""
STRIP: Final = 256
"""Rows that are hashed together."""
UNDECODED: Final = range(127, 130)
"""What the decoder makes of a block without data, in every channel of every mode."""

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread reserves memory, of which the child has a bounded amount


def open_header(data: bytes, *, max_pixels: int, max_side: int) -> Image.Image:
    """The picture with nothing but its header read, when it is one of ours, not too large, and all of it is there.

    Whether all of a PNG is there is told by `decode`, which unpacks it.
    """
    head = data[:HEAD_BYTES]
    kind = _kind_of(head)
    match kind:
        case "JPEG":
            return _jpeg(data, max_pixels, max_side)
        case "PNG":
            return _png(data, max_pixels, max_side)
        case "WEBP":
            return _checked(webp.mended(data, max_pixels), kind, max_pixels, max_side)
        case _:
            if SEQUENCES & set(brands_of(head)):
                raise PermanentError(FailureCode.ANIMATED_IMAGE, f"{kind} of several frames")
            return _checked(iso.mended(data, max_pixels), kind, max_pixels, max_side)


def _jpeg(data: bytes, max_pixels: int, max_side: int) -> Image.Image:
    """A phone's file of several pictures is a JPEG with others behind it: the first one is the photo."""
    whole = jpeg_header.mended(data)
    structure = structure_of(whole)
    if structure.unsupported:
        raise UnsupportedError(structure.unsupported)
    image = _checked(_ended(whole) if structure.end is None else whole[: structure.end], "JPEG", max_pixels, max_side)
    if structure.block_visits > (MAX_BLOCK_VISITS if structure.end is not None else MAX_BLOCK_VISITS_WITHOUT_END):
        raise PermanentError(FailureCode.IMAGE_TOO_COMPLEX, f"{len(structure.scans)} scans of {image.size} pixels")
    is_whole = structure.scans_are_complete and not structure.lacks_restarts
    if not is_whole or (structure.end is None and not _has_every_pixel(whole)):
        raise _truncated()
    return image


def check_last_pixel(image: Image.Image, data: bytes) -> None:
    """Refuse a decoded JPEG that has its end marker and lacks pixels before it. Raises PermanentError.

    The decoder fills what is missing with grey, so only a photo that ends in grey is decoded again to find out. Of a
    progressive one whose last scan breaks off, every pixel is there in less detail, and it is taken in.
    """
    last = image.getpixel((image.width - 1, image.height - 1))
    if any(round(value) not in UNDECODED for value in (last if isinstance(last, tuple) else (last or 0,))):
        return
    whole = jpeg_header.mended(data)
    structure = structure_of(whole)
    is_affordable = structure.block_visits <= MAX_BLOCK_VISITS_WITHOUT_END
    if structure.end is not None and is_affordable and not _has_every_pixel(whole[: structure.end - len(END)]):
        raise _truncated()


def _truncated() -> PermanentError:
    return PermanentError(FailureCode.IMAGE_TRUNCATED, "a JPEG that breaks off")


def _png(data: bytes, max_pixels: int, max_side: int) -> Image.Image:
    parts = png.parts_of(data)
    _checked(parts.file(), "PNG", max_pixels, max_side)
    if parts.is_animated:
        raise PermanentError(FailureCode.ANIMATED_IMAGE, "PNG of several frames")
    return parts.image()


def _checked(data: bytes, kind: str, max_pixels: int, max_side: int) -> Image.Image:
    """The picture, when it is a single one and not too large."""
    image = _parse_header(data, kind, max_pixels)
    if image.width * image.height > max_pixels or max(image.size) > max_side:
        raise PermanentError(FailureCode.IMAGE_TOO_LARGE, f"{image.width} x {image.height}")
    # Several still pictures in a HEIC are a burst, of which one is the primary.
    if kind != "HEIC" and getattr(image, "n_frames", 1) > 1:
        raise PermanentError(FailureCode.ANIMATED_IMAGE, f"{kind} of several frames")
    return image


def _kind_of(head: bytes) -> str:
    if kind := format_of(head):
        return kind
    other = other_format_of(head)
    code = FailureCode.UNSUPPORTED_FORMAT if other and is_image(other) else FailureCode.NOT_AN_IMAGE
    raise PermanentError(code, f"{other or 'unknown'}, starts with {head[:4].hex()}")


def _has_every_pixel(data: bytes) -> bool:
    """Whether a JPEG without its end marker has all of its pixels, if its scans are complete.

    The decoder invents missing pixels from the bits that follow. So the decodings with different bits behind the file
    are all equal if and only if it needed none of them.
    """
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
    except (MemoryError, PermanentError, ImportError):  # a module that was not loaded in time is our fault
        raise
    except Exception as error:  # Pillow's plugins raise whatever their parsers stumble over
        raise PermanentError(FailureCode.IMAGE_TRUNCATED, repr(error)) from error


def _parse_header(data: bytes, kind: str, max_pixels: int) -> Image.Image:
    load_decoders(kind)
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


def load_decoders(*kinds: str) -> None:
    """Import what pictures of these formats need, and what Pillow imports late: a confined process reads no file."""
    Image.preinit()
    for name in LATE_MODULES:
        importlib.import_module(name)
    for codec in CODECS:
        codecs.lookup(codec)
    if "WEBP" in kinds:
        importlib.import_module("PIL.WebPImagePlugin")
    if "HEIC" in kinds:
        import pillow_heif  # noqa: PLC0415 - 50 ms, for HEIC alone

        pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
