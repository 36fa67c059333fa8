"""Makes a smaller copy of a picture with a watermark all over it, so that no crop is free of it."""

import io
import math
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from workers.imaging import jpeg
from workers.imaging.colours import in_rgb
from workers.imaging.developing import developed, fitted, shrunk
from workers.imaging.jobs import Finish, Finished, Picture, Watermark
from workers.imaging.opening import damage_is_the_photos

TEXT: Final = "DARKROOM  PREVIEW"
LONGEST_SIDE: Final = 1280
"""The longer side of a preview. The marks of this size are made before the first job."""
_ANGLE: Final = 30
_LIGHT: Final = (255, 255, 255, 120)
_DARK: Final = (0, 0, 0, 90)


def watermark(job: Watermark) -> Picture:
    """The watermarked copy."""
    full = Image.open(io.BytesIO(job.picture), formats=["JPEG"])
    size = fitted(full.size, job.longest_side)
    full.draft(None, size)
    return jpeg.encode(_marked(in_rgb(full), size, job.text), quality=job.quality)


def finish(job: Finish) -> Finished:
    """The developed picture and its watermarked copy. Raises PermanentError with the picture's own failure."""
    with damage_is_the_photos():
        image, source_format = developed(job.full)
        full = jpeg.encode(image, quality=job.full.quality, source_format=source_format)
    preview = _marked(image, fitted(image.size, job.longest_side), job.text)
    return Finished(full, jpeg.encode(preview, quality=job.quality))


def _marked(full: Image.Image, size: tuple[int, int], text: str) -> Image.Image:
    """The picture in that size with the marks; one that has the size already is marked itself."""
    preview = shrunk(full, size)
    sheet = marks(max(size), text)
    left, top = (sheet.width - size[0]) // 2, (sheet.height - size[1]) // 2
    shown = sheet.crop((left, top, left + size[0], top + size[1]))
    preview.paste(shown, mask=shown)
    return preview


@lru_cache(maxsize=4)
def marks(side: int, text: str) -> Image.Image:
    """Lines of text across a square, every other one shifted, so that the gaps never line up.

    A picture whose longer side is as long shows the middle of it. The sheet that is turned covers the square's corners,
    and no pixel outside of the square is computed.
    """
    diagonal = math.ceil(math.hypot(side, side))
    tile, step = _tile(side, text)
    sheet = Image.new("RGBA", (diagonal, diagonal))
    for row, y in enumerate(range(0, diagonal, step)):
        shift = tile.width // 2 if row % 2 else 0
        for x in range(-shift, diagonal, tile.width):
            sheet.paste(tile, (x, y))
    cos, sin = math.cos(math.radians(_ANGLE)), math.sin(math.radians(_ANGLE))
    centre, middle = diagonal / 2, side / 2
    # Where in the sheet each pixel of the square lies: turned around the middle of both.
    right, down = centre - middle * (cos - sin), centre - middle * (sin + cos)
    return sheet.transform(
        (side, side), Image.Transform.AFFINE, (cos, -sin, right, sin, cos, down), Image.Resampling.BICUBIC
    )


def _tile(longest_side: int, text: str) -> tuple[Image.Image, int]:
    """One piece of a line, light with a dark outline so that it reads on any ground, and the height of a line."""
    height = max(10, longest_side // 36)
    font = ImageFont.load_default(height)
    outline = max(1, height // 16)
    box = font.getbbox(text, stroke_width=outline)
    tile = Image.new("RGBA", (math.ceil(box[2]) + height * 2, math.ceil(box[3]) + outline))
    pen = ImageDraw.Draw(tile)
    pen.text((height, 0), text, fill=_LIGHT, font=font, stroke_width=outline, stroke_fill=_DARK)
    return tile, round(height * 3.6)
