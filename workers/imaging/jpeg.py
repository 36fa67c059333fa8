"""Writes a JPEG that holds pixels and nothing else."""

import io

from PIL import Image

from workers.imaging.jobs import Picture


def encode(image: Image.Image, *, quality: int, source_format: str = "JPEG") -> Picture:
    """The picture as a JPEG: no EXIF, no XMP, no comment, no profile; sRGB is what every reader takes it for."""
    image.info.clear()  # Pillow writes again what it read: a comment survives every other way of dropping metadata
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, optimize=True, exif=b"")
    return Picture(stream.getvalue(), image.width, image.height, source_format)
