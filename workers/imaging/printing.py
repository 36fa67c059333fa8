"""Makes a darkroom print of a photo: black and white, selenium-toned, with grain, a burned-in edge and a paper border.

The same photo and the same seed give the same print, to the byte.
"""

import hashlib
import io
import math
import random
from collections.abc import Iterator
from typing import Final

from PIL import Image, ImageChops, ImageFilter, ImageOps

from workers.imaging import jpeg
from workers.imaging.colours import in_rgb
from workers.imaging.jobs import Picture, Print

_SHORTEST_LONG_SIDE: Final = 1280
"""A smaller photo is enlarged: grain and border need room."""
_QUALITY: Final = 93

_ORANGE_FILTER: Final = (0.50, 0.38, 0.12, 0)
"""How much red, green and blue light reaches the film: skies darken, skin glows."""
_GRAIN: Final = 0.42
_BURN: Final = 70
"""By how much of 255 the corners are darkened."""
_PAPER: Final = (243, 238, 226)
_INK: Final = (22, 18, 20)


def make_print(job: Print) -> Picture:
    """The print of the picture, somewhat larger than the picture for its border."""
    dice = random.Random(hashlib.sha256(job.seed.encode() + job.picture).digest())  # noqa: S311 - grain is no secret
    # Each step lets go of the picture before: its memory is used again, where new memory would have to be cleared.
    picture = _enlarged(in_rgb(Image.open(io.BytesIO(job.picture), formats=["JPEG"])))
    picture = _burned_in(_exposed(picture))
    picture = _toned(_grained(picture, dice))
    picture = _framed(picture, dice)
    return jpeg.encode(picture, quality=_QUALITY, smallest=False)  # the full picture is made of it at once


def _enlarged(photo: Image.Image) -> Image.Image:
    scale = _SHORTEST_LONG_SIDE / max(photo.size)
    if scale <= 1:
        return photo
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    return photo.resize(size, Image.Resampling.BICUBIC)


def _exposed(photo: Image.Image) -> Image.Image:
    """Through the orange filter onto film, with local contrast and a paper's S-shaped curve."""
    film = ImageOps.autocontrast(photo.convert("L", _ORANGE_FILTER), cutoff=0.4)
    clear = film.filter(ImageFilter.UnsharpMask(radius=max(film.size) / 60, percent=35, threshold=0))
    return clear.point([_s_curve(value / 255) for value in range(256)])


def _s_curve(light: float) -> int:
    lifted = math.pow(light, 0.88)
    steep = lifted * lifted * (3 - 2 * lifted)
    return round(255 * (0.45 * lifted + 0.55 * steep))


def _burned_in(print_: Image.Image) -> Image.Image:
    """Corners a little darker, as by a second exposure with the middle held back."""
    distance = Image.radial_gradient("L").point([round(_BURN * (value / 255) ** 2.2) for value in range(256)])
    shade = distance.resize(print_.size, Image.Resampling.BICUBIC)
    return ImageChops.multiply(print_, ImageChops.invert(shade))


def _grained(print_: Image.Image, dice: random.Random) -> Image.Image:
    """Silver grain: blended by overlay it is strongest in the middle tones, where film shows it."""
    noise = _noise(print_.size, dice).filter(ImageFilter.GaussianBlur(max(print_.size) / 2600))
    spread = noise.point([round(128 + (value - 128) * _GRAIN) for value in range(256)])
    return ImageChops.overlay(print_, spread)


def _noise(size: tuple[int, int], dice: random.Random) -> Image.Image:
    return Image.frombytes("L", size, dice.randbytes(size[0] * size[1]))


def _toned(print_: Image.Image) -> Image.Image:
    """Selenium: aubergine shadows, neutral middle, and highlights as warm as the paper."""
    return ImageOps.colorize(print_, black=_INK, mid=(122, 113, 110), white=_PAPER)


def _framed(picture: Image.Image, dice: random.Random) -> Image.Image:
    """On paper, inside the rough black line that a filed-out negative carrier leaves."""
    line = max(picture.size) // 110
    border = max(picture.size) // 16
    edge, margin = picture.size, border + line
    paper = Image.new("RGB", (edge[0] + 2 * margin, edge[1] + 2 * margin), _PAPER)
    for corner, mask in _rough_edges(paper.size, border, margin, dice):
        paper.paste(_INK, corner, mask)
    paper.paste(picture, (margin, margin))
    return paper


def _rough_edges(
    size: tuple[int, int], inset: int, margin: int, dice: random.Random
) -> Iterator[tuple[tuple[int, int], Image.Image]]:
    """The edges of a rectangle that wavers, each with its corner: soft, shaken by coarse noise, then made hard again.

    Beyond the margin the picture covers it, so no pixel is made there.
    """
    radius = max(size) / 400
    reach = math.ceil(4 * radius) + 1
    """Further away nothing has a part in a pixel's blur."""
    cell = max(1, max(size) // 180)
    coarse = _noise((size[0] // cell + 1, size[1] // cell + 1), dice).point([96 + value // 4 for value in range(256)])
    across, down = coarse.width / size[0], coarse.height / size[1]
    for left, top, right, bottom in _edges(size, max(0, inset - reach), margin):
        x, y = max(0, left - reach), max(0, top - reach)
        soft = Image.new("L", (min(size[0], right + reach) - x, min(size[1], bottom + reach) - y))
        soft.paste(255, (inset - x, inset - y, size[0] - inset - x, size[1] - inset - y))
        edge = soft.filter(ImageFilter.GaussianBlur(radius)).crop((left - x, top - y, right - x, bottom - y))
        part = (left * across, top * down, right * across, bottom * down)
        noise = coarse.resize(edge.size, Image.Resampling.BICUBIC, box=part)
        shaken = ImageChops.add(edge, noise, scale=1, offset=-128)
        yield (left, top), shaken.point([max(0, min(255, (value - 127) * 5 + 127)) for value in range(256)])


def _edges(size: tuple[int, int], outer: int, inner: int) -> list[tuple[int, int, int, int]]:
    """Top, bottom, left and right, as boxes between two distances from the edge of the paper."""
    width, height = size
    return [
        (outer, outer, width - outer, inner),
        (outer, height - inner, width - outer, height - outer),
        (outer, inner, inner, height - inner),
        (width - inner, inner, width - outer, height - inner),
    ]
