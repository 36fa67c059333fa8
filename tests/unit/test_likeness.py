"""A picture that was made the faster way looks like the one that was made the slow way."""

import io

import pytest
from PIL import Image, ImageFilter

from tests.photos import variants
from tests.photos.likeness import likeness
from workers.imaging.developing import develop, fitted
from workers.imaging.jobs import Develop, Finish, Print, Watermark
from workers.imaging.printing import make_print
from workers.imaging.watermarking import LONGEST_SIDE, TEXT, finish, marks, watermark

AT_LEAST = 0.99


def slowly_shrunk(photo: bytes, longest_side: int) -> Image.Image:
    """As clean copies were made at first: through the widest filter, averaged before it only from six times on."""
    image = Image.open(io.BytesIO(photo))
    size = fitted(image.size, longest_side)
    image.draft(None, size)
    flat = image if image.mode in {"L", "CMYK"} else image.convert("RGB")
    return flat.resize(size, Image.Resampling.LANCZOS, reducing_gap=3).convert("RGB")


def decoded(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


def test_the_measure_sees_a_loss_that_a_person_sees() -> None:
    photo = variants.picture()
    assert likeness(photo, photo) == pytest.approx(1)
    assert likeness(photo, photo.filter(ImageFilter.GaussianBlur(1))) < AT_LEAST
    assert likeness(photo, photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) < 0.8


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("longest_side", [90, 130, 200, 300, 400])
@pytest.mark.parametrize("name", variants.NAMES)
def test_a_clean_copy_looks_as_it_did_at_every_scale(name: str, longest_side: int, kind: str) -> None:
    photo = variants.encoded(variants.picture(name), kind, quality=95)
    assert likeness(developed(photo, longest_side), slowly_shrunk(photo, longest_side)) > AT_LEAST


@pytest.mark.parametrize(
    "photo",
    [
        variants.encoded(variants.picture(), "WEBP", quality=95),
        variants.heic(),
        variants.cmyk(),
        variants.palette(),
        variants.encoded(variants.picture().convert("L"), "PNG"),
        variants.encoded(variants.picture().convert("RGBA"), "PNG"),
    ],
    ids=["WebP", "HEIC", "four inks", "a palette", "grey", "alpha"],
)
def test_a_picture_of_any_format_and_mode_looks_as_it_did(photo: bytes) -> None:
    assert likeness(developed(photo, 200), slowly_shrunk(photo, 200)) > AT_LEAST


def developed(photo: bytes, longest_side: int) -> Image.Image:
    """Without what a JPEG loses, which is the same in both."""
    return decoded(develop(Develop(photo, 10**6, 1000, longest_side, quality=100)).jpeg)


@pytest.mark.parametrize("name", variants.NAMES)
def test_a_preview_looks_as_it_did_below_its_marks(name: str) -> None:
    photo = variants.photo(name)
    made = watermark(Watermark(photo, " ", longest_side=300, quality=100))
    assert likeness(decoded(made.jpeg), slowly_shrunk(photo, 300)) > AT_LEAST


@pytest.mark.parametrize("longest_side", [400, 600])
@pytest.mark.parametrize("name", variants.NAMES)
def test_pictures_that_are_made_of_one_decoding_look_as_if_each_had_its_own(name: str, longest_side: int) -> None:
    full = Develop(variants.encoded(variants.picture(name), "PNG"), 10**7, 8192, 8192, quality=95)
    made = finish(Finish(full, TEXT, longest_side, quality=95))

    assert made.full == develop(full)
    preview = watermark(Watermark(made.full.jpeg, TEXT, longest_side, quality=95))
    assert (made.preview.width, made.preview.height) == (preview.width, preview.height)
    assert likeness(decoded(made.preview.jpeg), decoded(preview.jpeg)) > AT_LEAST


def test_marks_are_made_once_for_a_size_and_a_text() -> None:
    assert marks(LONGEST_SIDE, TEXT) is marks(LONGEST_SIDE, TEXT)
    assert marks(300, TEXT) is not marks(LONGEST_SIDE, TEXT)


def test_the_frame_of_a_print_is_closed_where_its_four_edges_meet() -> None:
    white = variants.encoded(Image.new("RGB", (1280, 960), "white"))
    print_ = decoded(make_print(Print(white, "seed")).jpeg).convert("L")
    assert max(ring(print_, 86)) < 80
    assert min(ring(print_, 60)) > 200


def ring(image: Image.Image, inset: int) -> list[int]:
    """The grey of every pixel at a distance from the edge, all around."""
    width, height = image.size
    right, bottom = width - inset, height - inset
    sides = [(inset, inset, right, inset + 1), (inset, bottom - 1, right, bottom)]
    sides += [(inset, inset, inset + 1, bottom), (right - 1, inset, right, bottom)]
    return [value for side in sides for value in image.crop(side).tobytes()]
