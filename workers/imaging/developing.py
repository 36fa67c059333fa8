"""Develops a picture from outside: an upright sRGB JPEG without metadata, no larger than asked for."""

import warnings
from typing import Final, NamedTuple

from PIL import ExifTags, Image

from workers.imaging import jpeg
from workers.imaging.colours import resizable, scale_transparency, to_srgb
from workers.imaging.jobs import Develop, Picture
from workers.imaging.opening import check_last_pixel, damage_is_the_photos, decode, open_header

_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation."""


def develop(job: Develop) -> Picture:
    """The picture, or PermanentError with the photo's own failure."""
    with damage_is_the_photos():  # a palette that is missing is missed only when its colours are needed
        image = developed(job)
        return jpeg.encode(image.upright, quality=job.quality, source_format=image.source_format)


class Developed(NamedTuple):
    """A picture in sRGB, upright and in its new size, and the format of the file that it came in."""

    upright: Image.Image
    source_format: str


def developed(job: Develop) -> Developed:
    """Decode all of it, then shrink before anything else: what follows costs by the pixel."""
    image = open_header(job.picture, max_pixels=job.max_pixels, max_side=job.max_side)
    source_format = {"MPO": "JPEG", "HEIF": "HEIC"}.get(str(image.format), str(image.format))
    size = fitted(image.size, job.longest_side)
    if source_format == "JPEG":
        image.draft(None, size)  # it can be decoded at an eighth, a quarter or half of its size
    scale_transparency(image)
    decode(image)
    if source_format == "JPEG":
        check_last_pixel(image, job.picture)
    turn, profile = _turn(image), image.info.get("icc_profile")
    image = shrunk(resizable(image), size)  # the decoded pixels are let go
    upright = to_srgb(image, profile)
    return Developed(upright if turn is None else upright.transpose(turn), source_format)


def shrunk(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture in a smaller size, or as it is. From three times the size on, whole pixels are averaged first."""
    return image if image.size == size else image.resize(size, Image.Resampling.BICUBIC, reducing_gap=1.5)


def fitted(size: tuple[int, int], longest_side: int) -> tuple[int, int]:
    """The size in the same shape whose longer side is at most that."""
    scale = min(1.0, longest_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        with warnings.catch_warnings(action="ignore"):  # Pillow warns of each broken field
            return _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - broken EXIF raises whatever its parser stumbles over; the photo is fine without
        return None
