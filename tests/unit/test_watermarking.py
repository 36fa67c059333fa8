"""The watermark is all over the preview and can be read on any ground."""

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.photos import variants
from workers.imaging.jobs import Watermark
from workers.imaging.watermarking import watermark


def marked(image: Image.Image, longest_side: int = 1280) -> Image.Image:
    data = variants.encoded(image, quality=95)
    made = watermark(Watermark(data, "DARKROOM  PREVIEW", longest_side, quality=90))
    result = Image.open(io.BytesIO(made.jpeg))
    assert result.size == (made.width, made.height)
    return result


def crops(image: Image.Image, across: int) -> list[Image.Image]:
    width, height = image.width // across, image.height // across
    boxes = [(x * width, y * height) for x in range(across) for y in range(across)]
    return [image.crop((x, y, x + width, y + height)) for x, y in boxes]


def contrast(crop: Image.Image) -> int:
    """The distance between the lightest and the darkest grey that the mark shows on a flat ground."""
    low, high = crop.convert("L").getextrema()
    assert isinstance(low, int)
    assert isinstance(high, int)
    return high - low


@pytest.mark.parametrize("ground", ["black", "white", "#808080", "#d02020"])
def test_every_sixteenth_of_a_preview_carries_a_mark_that_can_be_read(ground: str) -> None:
    preview = marked(Image.new("RGB", (1600, 1000), ground))
    assert min(contrast(crop) for crop in crops(preview, 4)) > 60


@pytest.mark.parametrize("size", [(1280, 1280), (600, 1600), (300, 200)])
def test_every_quarter_carries_the_mark_whatever_the_shape(size: tuple[int, int]) -> None:
    preview = marked(Image.new("RGB", size, "white"))
    assert min(contrast(crop) for crop in crops(preview, 2)) > 60


@pytest.mark.parametrize("name", variants.NAMES)
def test_every_quarter_of_a_real_photo_is_changed_and_still_recognisable(name: str) -> None:
    before, after = variants.picture(name), marked(variants.picture(name))
    for one, other in zip(crops(before, 2), crops(after, 2), strict=True):
        assert 2 < max(ImageStat.Stat(ImageChops.difference(one, other)).mean) < 40


def test_a_preview_is_at_most_as_large_as_asked_for() -> None:
    assert marked(Image.new("RGB", (2048, 1024))).size == (1280, 640)
    assert marked(Image.new("RGB", (640, 480))).size == (640, 480)


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (2048, 1), (3, 900)])
def test_the_smallest_and_the_narrowest_picture_can_be_marked(size: tuple[int, int]) -> None:
    assert max(marked(Image.new("RGB", size)).size) == min(1280, max(size))
