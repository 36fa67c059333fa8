"""The peer of our image work: the same steps with libvips, by its Python binding; imgproxy and sharp are made of it.

The print has our steps in our order, each as libvips does it fastest; its pixels differ a little from ours.
"""

import importlib
import math
import random
from functools import cache
from typing import Any, Final

pyvips: Any = importlib.import_module("pyvips")
PAPER: Final = [243, 238, 226]
INK: Final = [22, 18, 20]
ORANGE_FILTER: Final = [[0.50, 0.38, 0.12]]
PROFILE: Final = "icc-profile-data"


def by_libvips(photo: bytes, answer: bytes | None) -> None:
    """Develop, print if there is no answer of an image model, finish, watermark."""
    clean = _developed(photo)
    full = _jpeg(pyvips.Image.new_from_buffer(answer or _printed(clean), "").autorot(), 95)
    _watermarked(full)


def _developed(photo: bytes) -> bytes:
    header = pyvips.Image.new_from_buffer(photo, "")
    options = {"output_profile": "srgb"} if header.get_typeof(PROFILE) else {}
    return _jpeg(pyvips.Image.thumbnail_buffer(photo, 2048, height=2048, size="down", **options), 92)


def _jpeg(image: Any, quality: int) -> bytes:  # noqa: ANN401 - the binding has no types
    return bytes(image.jpegsave_buffer(Q=quality, optimize_coding=True, keep="none"))


def _printed(clean: bytes) -> bytes:
    film = pyvips.Image.new_from_buffer(clean, "").recomb(ORANGE_FILTER).cast("uchar").copy_memory()
    film = film.hist_norm().cast("uchar").copy_memory()
    longest = max(film.width, film.height)
    blurred = film.gaussblur(longest / 60, precision="integer").copy_memory()  # else each strip is blurred anew
    clear = (film + (film - blurred) * 0.35).cast("uchar").maplut(_curve())
    exposed = clear * _shade(clear.width, clear.height)
    toned = (exposed + _grain(clear.width, clear.height, longest)).cast("uchar").maplut(_tone())
    return _jpeg(_framed(toned, longest // 110, longest // 16).copy(interpretation="srgb"), 93)


@cache
def _curve() -> Any:  # noqa: ANN401 - the binding has no types
    light = (pyvips.Image.identity() / 255) ** 0.88
    return ((light * 0.45 + light * light * (light * -2 + 3) * 0.55) * 255).cast("uchar").copy_memory()


@cache
def _shade(width: int, height: int) -> Any:  # noqa: ANN401 - the binding has no types
    """Made once for a size."""
    point = pyvips.Image.xyz(width, height)
    distance = ((point[0] / width - 0.5) ** 2 + (point[1] / height - 0.5) ** 2) ** 0.5
    return (distance**2.2 * -0.55 + 1).cast("float").copy_memory()


def _grain(width: int, height: int, longest: int) -> Any:  # noqa: ANN401 - the binding has no types
    noise = random.randbytes(width * height)
    soft = pyvips.Image.new_from_memory(noise, width, height, 1, "uchar").gaussblur(longest / 2600).copy_memory()
    return (soft - 128) * 0.42


@cache
def _tone() -> Any:  # noqa: ANN401 - the binding has no types
    light = pyvips.Image.identity() / 255
    return (light * [paper - ink for paper, ink in zip(PAPER, INK, strict=True)] + INK).cast("uchar").copy_memory()


def _framed(image: Any, line: int, border: int) -> Any:  # noqa: ANN401 - the binding has no types
    for width, colour in ((line, INK), (border, PAPER)):
        size = (image.width + 2 * width, image.height + 2 * width)
        image = image.embed(width, width, *size, extend="background", background=colour)
    return image


def _watermarked(full: bytes) -> bytes:
    preview = pyvips.Image.thumbnail_buffer(full, 1280, height=1280, size="down")
    return _jpeg(preview.composite2(_marks(preview.width, preview.height), "over").flatten(), 85)


@cache
def _marks(width: int, height: int) -> Any:  # noqa: ANN401 - the binding has no types
    """Made once for a size, as ours are."""
    text = pyvips.Image.text("DARKROOM  PREVIEW", dpi=150).rotate(-30)
    spaced = text.embed(20, 20, text.width + 40, text.height + 40)
    across, down = math.ceil(width / spaced.width), math.ceil(height / spaced.height)
    alpha = (spaced.replicate(across, down).crop(0, 0, width, height) * 0.45).cast("uchar")
    white = alpha.new_from_image([255, 255, 255]).copy(interpretation="srgb")
    return white.bandjoin(alpha).copy_memory()
