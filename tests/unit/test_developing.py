"""A clean copy has the right pixels, and nothing but pixels."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageChops, ImageStat

from domain.failures import FailureCode
from tests.photos import variants
from tests.photos.profiles import GAMMA, P3_PRIMARIES, p3_profile
from workers.errors import PermanentError
from workers.imaging.developing import develop, fitted
from workers.imaging.jobs import Develop, Picture

XYZ_TO_SRGB = ((3.1339, -1.6169, -0.4906), (-0.9788, 1.9161, 0.0335), (0.0719, -0.2290, 1.4052))
"""From XYZ adapted to D50, as published by Lindbloom."""


def developed(data: bytes) -> Picture:
    return develop(Develop(data, max_pixels=50_000_000, max_side=20_000, longest_side=2048, quality=95))


def pixels(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(developed(data).jpeg))
    assert image.mode == "RGB"
    return image


def near(image: Image.Image, point: tuple[int, int], colour: tuple[int, ...], tolerance: int = 8) -> bool:
    found = image.getpixel(point)
    assert isinstance(found, tuple)
    return all(abs(one - other) <= tolerance for one, other in zip(found, colour, strict=True))


def difference(one: Image.Image, other: Image.Image) -> float:
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


def segments(jpeg: bytes) -> list[int]:
    """The markers of a JPEG up to its scan."""
    found, offset = [], 2
    while jpeg[offset + 1] != 0xDA:
        found.append(jpeg[offset + 1])
        offset += 2 + int.from_bytes(jpeg[offset + 2 : offset + 4])
    return found


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_upright_however_the_camera_was_held(orientation: int, kind: str) -> None:
    image = pixels(variants.oriented(orientation, kind))
    assert image.size == (320, 200)
    assert near(image, (20, 20), variants.CORNERS["top left"])
    assert near(image, (300, 20), variants.CORNERS["top right"])
    assert near(image, (20, 180), variants.CORNERS["bottom left"])
    assert near(image, (300, 180), (255, 255, 255))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_no_metadata_of_the_original_is_in_the_copy(kind: str) -> None:
    original = variants.with_metadata(kind)
    assert variants.SECRET.encode() in original
    copy = developed(original)
    assert variants.SECRET.encode() not in copy.jpeg
    # The head of JFIF, then tables only: no other application segment (0xE1-0xEF) and no comment (0xFE).
    assert [marker for marker in segments(copy.jpeg) if marker >= 0xE0] == [0xE0]


def test_the_comparison_would_see_metadata() -> None:
    assert {0xE1, 0xE2, 0xED, 0xFE} <= set(segments(variants.with_metadata()))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_copy_tells_what_it_was_made_of(kind: str) -> None:
    copy = developed(variants.encoded(variants.picture("cat"), kind))
    assert (copy.width, copy.height, copy.source_format) == (451, 300, kind)


def test_twelve_megapixels_become_two_thousand_pixels_on_the_long_side() -> None:
    copy = developed(variants.twelve_megapixels())
    assert (copy.width, copy.height) == (2048, 1536)
    assert Image.open(io.BytesIO(copy.jpeg)).size == (2048, 1536)


@pytest.mark.parametrize("data", [variants.cmyk(), variants.palette(), variants.palette("WEBP")])
def test_inks_and_palettes_keep_their_colours(data: bytes) -> None:
    assert difference(pixels(data), variants.picture()) < 8


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    image = pixels(variants.sixteen_bit_grey())
    assert all(near(image, (x, 30), (x, x, x), tolerance=3) for x in range(0, 256, 15))


def test_sixteen_bits_of_colour_keep_their_colour() -> None:
    assert near(pixels(variants.sixteen_bit_colour((200, 120, 40))), (30, 30), (200, 120, 40), tolerance=4)


@pytest.mark.parametrize(("mode", "kind"), [("RGBA", "PNG"), ("LA", "PNG"), ("RGBA", "WEBP")])
def test_what_is_transparent_lies_on_white_paper(mode: str, kind: str) -> None:
    image = pixels(variants.half_transparent(mode, kind))
    assert near(image, (30, 50), (0, 0, 0))
    assert near(image, (170, 50), (255, 255, 255))


def test_a_transparent_colour_of_a_palette_lies_on_white_paper() -> None:
    flat = Image.new("P", (40, 40), 1)
    flat.putpalette([0, 0, 0, 200, 0, 0])
    assert near(pixels(variants.encoded(flat, "PNG", transparency=1)), (20, 20), (255, 255, 255))


@pytest.mark.parametrize(("bits", "grey"), [(2, 1), (4, 5), (8, 100), (16, 0x8000)])
def test_a_transparent_grey_of_any_depth_lies_on_white_paper_and_no_other_grey_does(bits: int, grey: int) -> None:
    transparency = chunk(b"tRNS", grey.to_bytes(2))
    assert near(pixels(grey_png(bits, grey, transparency)), (8, 8), (255, 255, 255))
    assert not near(pixels(grey_png(bits, grey + 1, transparency)), (8, 8), (255, 255, 255))


def test_a_palette_that_is_missing_is_damage_of_the_photo() -> None:
    data = grey_png(8, 9).replace(header(8, 0), header(8, 3))
    with pytest.raises(PermanentError) as refused:
        developed(data)
    assert refused.value.code is FailureCode.IMAGE_TRUNCATED


def grey_png(bits: int, grey: int, further: bytes = b"") -> bytes:
    """Sixteen by sixteen pixels of one grey."""
    pixel = f"{grey:0{bits}b}" * 16
    row = b"\0" + int(pixel, 2).to_bytes(2 * bits)
    data = chunk(b"IDAT", zlib.compress(row * 16))
    return b"\x89PNG\r\n\x1a\n" + header(bits, 0) + further + data + chunk(b"IEND", b"")


def header(bits: int, colour_type: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, bits, colour_type, 0, 0, 0))


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


@pytest.mark.parametrize("mode", ["1", "L"])
def test_black_and_white_stays_black_and_white(mode: str) -> None:
    image = Image.new(mode, (64, 64), 0)
    image.paste(255, (32, 0, 64, 64))
    copy = pixels(variants.encoded(image, "PNG"))
    assert near(copy, (10, 30), (0, 0, 0))
    assert near(copy, (54, 30), (255, 255, 255))


def test_a_wide_gamut_photo_keeps_its_colours_in_srgb() -> None:
    colour = (180, 110, 90)
    assert near(pixels(variants.wide_gamut(colour)), (30, 30), from_p3(colour), tolerance=3)
    assert max(abs(one - other) for one, other in zip(from_p3(colour), colour, strict=True)) > 8  # not by doing nothing


def from_p3(colour: tuple[int, int, int]) -> tuple[int, ...]:
    light = [(value / 255) ** GAMMA for value in colour]
    xyz = [sum(part * P3_PRIMARIES[index][axis] for index, part in enumerate(light)) for axis in range(3)]
    linear = [sum(factor * value for factor, value in zip(row, xyz, strict=True)) for row in XYZ_TO_SRGB]
    return tuple(round(255 * (1.055 * max(0.0, value) ** (1 / 2.4) - 0.055)) for value in linear)


@pytest.mark.parametrize("profile", [b"no profile at all", bytes(500)])
def test_a_broken_profile_costs_no_photo(profile: bytes) -> None:
    data = variants.encoded(variants.corners(), "PNG", icc_profile=profile)
    assert near(pixels(data), (20, 20), variants.CORNERS["top left"])


def test_a_profile_for_another_kind_of_picture_is_passed_over() -> None:
    data = variants.encoded(Image.new("L", (32, 32), 90), "JPEG", icc_profile=p3_profile("colour"))
    assert near(pixels(data), (10, 10), (90, 90, 90))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"MM\0\x2a\xff\xff\xff\xff", b"no TIFF at all"])
def test_broken_exif_costs_no_photo(exif: bytes, kind: str) -> None:
    data = variants.encoded(variants.corners(), kind, exif=b"Exif\0\0" + exif, quality=95)
    assert near(pixels(data), (20, 20), variants.CORNERS["top left"])


def test_the_first_picture_of_a_phones_file_is_the_photo() -> None:
    copy = developed(variants.mpo())
    assert copy.source_format == "JPEG"
    assert near(Image.open(io.BytesIO(copy.jpeg)), (300, 20), variants.CORNERS["top right"])


def test_a_single_pixel_is_a_picture() -> None:
    assert pixels(variants.encoded(Image.new("RGB", (1, 1)))).size == (1, 1)


@pytest.mark.parametrize(("size", "result"), [((4000, 3000), (2048, 1536)), ((20_000, 2), (2048, 1)), ((9, 5), (9, 5))])
def test_a_size_is_made_to_fit_and_never_made_larger(size: tuple[int, int], result: tuple[int, int]) -> None:
    assert fitted(size, 2048) == result
