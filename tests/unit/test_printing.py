"""A darkroom print is the same every time, and no copy of the photo."""

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.photos import variants
from workers.imaging.jobs import Print
from workers.imaging.printing import make_print


def printed(data: bytes, seed: str = "a prompt") -> Image.Image:
    return Image.open(io.BytesIO(make_print(Print(data, seed)).jpeg))


@pytest.mark.parametrize("name", variants.NAMES)
def test_the_same_photo_and_seed_give_the_same_bytes(name: str) -> None:
    job = Print(variants.photo(name), "a prompt")
    assert make_print(job) == make_print(job)


def test_another_seed_gives_other_grain() -> None:
    assert make_print(Print(variants.photo(), "one")).jpeg != make_print(Print(variants.photo(), "two")).jpeg


@pytest.mark.parametrize("name", variants.NAMES)
def test_a_print_is_no_copy_of_the_photo(name: str) -> None:
    made = printed(variants.photo(name))
    photo = variants.picture(name).resize(made.size)
    assert max(ImageStat.Stat(ImageChops.difference(made, photo)).mean) > 25


def test_a_print_is_black_and_white_with_warm_tones() -> None:
    saturation = printed(variants.photo("coffee")).convert("HSV").getchannel("S")
    assert 0 < ImageStat.Stat(saturation).mean[0] < 40  # the photo: 180


def test_a_print_has_a_paper_border_and_a_black_line_around_the_picture() -> None:
    made = printed(variants.photo("cat")).convert("L")
    assert ImageStat.Stat(made.crop((5, 5, 40, 40))).mean[0] > 220
    middle = made.crop((0, made.height // 2, 120, made.height // 2 + 1))
    assert min(middle.tobytes()) < 40


@pytest.mark.parametrize("size", [(1, 1), (2048, 3), (2, 700)])
def test_any_shape_can_be_printed(size: tuple[int, int]) -> None:
    made = printed(variants.encoded(Image.new("RGB", size, "grey")))
    assert min(made.size) > min(size)
