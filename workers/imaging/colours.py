"""Brings a picture of any kind to plain sRGB: palettes, 16 bits, alpha, CMYK, greyscale and colour profiles."""

import io
from typing import Final

from PIL import Image, ImageCms, ImageFile

_WITHOUT_ALPHA: Final = {"LA": "L", "RGBA": "RGB"}
_STEPS: Final = {"L;2": 85, "L;4": 17}
"""The factors by which Pillow multiplies grey of two and four bits. It does not multiply the transparent grey."""


def scale_transparency(image: Image.Image) -> None:
    """Say which grey is transparent in the scale of the pixels; before they are decoded."""
    for tile in image.tile[:1] if isinstance(image, ImageFile.ImageFile) else ():
        if tile.args in _STEPS and isinstance(image.info.get("transparency"), int):
            image.info["transparency"] *= _STEPS[tile.args]


def resizable(image: Image.Image) -> Image.Image:
    """The picture in 8 bits a channel and without a palette: L, LA, RGB, RGBA or CMYK."""
    if image.mode in {"L", "LA", "RGB", "RGBA", "CMYK"} and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        return _eight_bits(image.convert("I"), image.info.get("transparency"))
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def _eight_bits(image: Image.Image, transparent: object) -> Image.Image:
    # Pillow's own conversion clips at 255 what should be divided by 257, and knows of no transparent grey here.
    grey = image.point([round(value / 257) for value in range(2**16)], "L")
    if not isinstance(transparent, int):
        return grey
    alpha = image.point([0 if value == transparent else 255 for value in range(2**16)], "L")
    return Image.merge("LA", (grey, alpha))


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in sRGB on white paper; a profile that does not fit the picture is passed over."""
    flat = _on_paper(image)
    return (_by_profile(flat, profile) if profile else None) or in_rgb(flat)


def in_rgb(image: Image.Image) -> Image.Image:
    """The picture in RGB: itself if it is. Pillow would copy it, and memory that is touched first costs time."""
    return image if image.mode == "RGB" else image.convert("RGB")


def _on_paper(image: Image.Image) -> Image.Image:
    if image.mode not in _WITHOUT_ALPHA:
        return image
    paper = Image.new(_WITHOUT_ALPHA[image.mode], image.size, "white")
    paper.paste(image.convert(paper.mode), mask=image.getchannel("A"))
    return paper


def _by_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
