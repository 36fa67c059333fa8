"""Makes a smaller copy of a picture with a watermark all over it, so that no crop is free of it."""

import io
import math
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from workers.imaging import jpeg
from workers.imaging.developing import fitted
from workers.imaging.jobs import Picture, Watermark

_ANGLE: Final = 30
_LIGHT: Final = (255, 255, 255, 120)
_DARK: Final = (0, 0, 0, 90)


def watermark(job: Watermark) -> Picture:
    """The watermarked copy."""
    full = Image.open(io.BytesIO(job.picture), formats=["JPEG"])
    size = fitted(full.size, job.longest_side)
    full.draft(None, size)
    preview = full.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    marks = _marks(size, job.text)
    preview.paste(marks, mask=marks)
    return jpeg.encode(preview, quality=job.quality)


def _marks(size: tuple[int, int], text: str) -> Image.Image:
    """Lines of text across the whole picture, every other one shifted, so that the gaps never line up."""
    diagonal = math.ceil(math.hypot(*size))
    tile, step = _tile(max(size), text)
    sheet = Image.new("RGBA", (diagonal, diagonal))
    for row, y in enumerate(range(0, diagonal, step)):
        shift = tile.width // 2 if row % 2 else 0
        for x in range(-shift, diagonal, tile.width):
            sheet.paste(tile, (x, y))
    turned = sheet.rotate(_ANGLE, Image.Resampling.BICUBIC, expand=True)
    left, top = (turned.width - size[0]) // 2, (turned.height - size[1]) // 2
    return turned.crop((left, top, left + size[0], top + size[1]))


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
