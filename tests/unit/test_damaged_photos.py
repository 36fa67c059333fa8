"""A photo with all of its pixels is developed, whatever is wrong with the rest of the file. Others are not."""

import re
import struct
import zlib
from typing import Final

import pytest
from PIL import Image

from domain.failures import FailureCode
from tests.photos import variants
from workers.errors import PermanentError
from workers.imaging.developing import develop
from workers.imaging.jobs import Develop, Picture

CHUNKS: Final = [
    b"tEXt",
    b"zTXt",
    b"iTXt",
    b"gAMA",
    b"cHRM",
    b"pHYs",
    b"sRGB",
    b"iCCP",
    b"eXIf",
    b"tIME",
    b"bKGD",
    b"zzZz",
]
WHOLE: Final = ["JPEG", "progressive JPEG", "JPEG with restarts", "grey JPEG"]


def developed(data: bytes) -> Picture:
    """The clean copy."""
    return develop(Develop(data, max_pixels=50_000_000, max_side=20_000, longest_side=2048, quality=92))


def refusal(data: bytes) -> FailureCode:
    """The code with which the photo is refused."""
    with pytest.raises(PermanentError) as refused:
        developed(data)
    return refused.value.code


def photo(kind: str) -> bytes:
    """A photo of that kind."""
    match kind:
        case "progressive JPEG":
            return variants.encoded(variants.picture(), progressive=True)
        case "JPEG with restarts":
            return variants.encoded(variants.picture(), restart_marker_blocks=4)
        case "grey JPEG":
            return variants.encoded(variants.picture().convert("L"))
        case "HEIC":
            return variants.heic()
        case _:
            return variants.encoded(variants.picture(), kind)


def png_with(kind: bytes, body: bytes, crc: int | None = None) -> bytes:
    """A PNG with one more chunk behind its header."""
    png = photo("PNG")
    crc = zlib.crc32(kind + body) if crc is None else crc
    return png[:33] + struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc) + png[33:]


@pytest.mark.parametrize("kind", CHUNKS)
def test_a_chunk_that_no_pixel_needs_may_have_a_wrong_crc(kind: bytes) -> None:
    assert developed(png_with(kind, b"Comment\0hello", crc=1)).jpeg == developed(photo("PNG")).jpeg


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_megabytes_of_packed_text_are_passed_over_unread(kind: bytes) -> None:
    head = b"prompt\0\0" if kind == b"zTXt" else b"prompt\0\1\0\0\0"
    text = head + zlib.compress(b'{"nodes":1}' * 4_000_000)

    assert developed(png_with(kind, text)).jpeg == developed(photo("PNG")).jpeg


def test_a_wrong_crc_of_the_pixels_themselves_is_damage() -> None:
    png = bytearray(photo("PNG"))
    png[png.index(b"IDAT") + 4 + 1000] ^= 0xFF
    assert refusal(bytes(png)) is FailureCode.IMAGE_TRUNCATED


def test_a_png_without_its_last_chunk_has_all_of_its_pixels() -> None:
    assert developed(photo("PNG")[:-12]).jpeg == developed(photo("PNG")).jpeg


@pytest.mark.parametrize("rows", [1, 100, 199])
def test_a_png_whose_packed_pixels_end_early_lacks_rows(rows: int) -> None:
    row = b"\0" + bytes(300 * 3)
    whole = variants.png(300, 200, zlib.compress(row * 200), depth=8, colour=2)
    short = variants.png(300, 200, zlib.compress(row * rows), depth=8, colour=2)

    assert developed(whole).width == 300
    assert refusal(short) is FailureCode.IMAGE_TRUNCATED


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (9, 8), (33, 17)])
def test_a_png_of_any_mode_and_size_has_every_row(mode: str, size: tuple[int, int]) -> None:
    assert (developed(variants.encoded(Image.new(mode, size), "PNG")).width) == size[0]


def test_an_interlaced_png_has_every_row_of_its_seven_passes() -> None:
    passes = [(1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4)]  # of 8 x 8 pixels
    body = b"".join((b"\0" + bytes(columns)) * rows for columns, rows in passes)
    head, tail = variants.png(8, 8, zlib.compress(body), depth=8, colour=0), zlib.compress(body[:-9])
    interlaced = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1)

    def made(packed: bytes) -> bytes:
        chunks = ((b"IHDR", interlaced), (b"IDAT", packed), (b"IEND", b""))
        return head[:8] + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )

    assert developed(made(zlib.compress(body))).width == 8
    assert refusal(made(tail)) is FailureCode.IMAGE_TRUNCATED


@pytest.mark.parametrize("kind", WHOLE)
def test_a_jpeg_without_its_end_marker_has_all_of_its_pixels(kind: str) -> None:
    assert developed(photo(kind)[:-2]).jpeg == developed(photo(kind)).jpeg
    assert developed(photo(kind)[:-1]).jpeg == developed(photo(kind)).jpeg


@pytest.mark.parametrize("cut", [6, 7, 8, 9, 10, 12, 16, 24, 50, 100, 1000])
@pytest.mark.parametrize("kind", WHOLE)
def test_a_jpeg_that_lacks_bits_of_its_last_pixels_is_truncated(kind: str, cut: int) -> None:
    assert refusal(photo(kind)[:-cut]) is FailureCode.IMAGE_TRUNCATED


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6])
@pytest.mark.parametrize("kind", WHOLE)
def test_so_is_one_that_breaks_off_and_was_given_an_end_marker(kind: str, share: float) -> None:
    data = photo(kind)
    assert refusal(data[: int(len(data) * share)].rstrip(b"\xff") + b"\xff\xd9") is FailureCode.IMAGE_TRUNCATED


@pytest.mark.parametrize("lost", [0, 2, -2, -1])
@pytest.mark.parametrize(("mode", "blocks"), [("RGB", 4), ("RGB", 57), ("L", 5), ("CMYK", 9)])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lost_what_stood_between_two_restart_markers_is_truncated(
    mode: str, blocks: int, lost: int, *, progressive: bool
) -> None:
    picture = variants.picture().convert(mode)
    whole = variants.encoded(picture, restart_marker_blocks=blocks, progressive=progressive)
    begin = whole.index(b"\xff\xda")
    marks = [begin + found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", whole[begin:])]
    end = len(whole) - 2 if lost == -1 else marks[marks.index(marks[lost]) + 1]

    assert developed(whole).source_format == "JPEG"
    assert refusal(whole[: marks[lost]] + whole[end:]) is FailureCode.IMAGE_TRUNCATED


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_whose_last_pixels_are_grey_by_themselves_is_whole(mode: str) -> None:
    grey = Image.new("RGB", (300, 200), (128, 128, 128))
    assert developed(variants.encoded(grey.convert(mode))).width == 300


@pytest.mark.parametrize("kind", WHOLE)
def test_a_jpeg_without_its_end_marker_and_with_a_second_picture_behind_it_is_whole(kind: str) -> None:
    assert developed(photo(kind)[:-2] + photo("JPEG")).jpeg == developed(photo(kind)).jpeg


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.97])
@pytest.mark.parametrize("kind", [*WHOLE, "PNG", "WEBP", "AVIF", "HEIC"])
def test_a_photo_that_breaks_off_is_truncated(kind: str, share: float) -> None:
    data = photo(kind)
    assert refusal(data[: int(len(data) * share)]) is FailureCode.IMAGE_TRUNCATED


def test_a_progressive_jpeg_that_ends_between_two_scans_lacks_pixels() -> None:
    data = photo("progressive JPEG")
    starts = [offset for offset in range(len(data) - 1) if data[offset : offset + 2] == b"\xff\xda"]
    assert len(starts) > 2
    for start in starts[1:]:
        tables = data.rindex(b"\xff\xc4", 0, start) if b"\xff\xc4" in data[:start] else start
        assert refusal(data[: max(tables, starts[0])]) is FailureCode.IMAGE_TRUNCATED


@pytest.mark.parametrize("kind", [*WHOLE, "PNG", "WEBP"])
def test_what_follows_the_end_of_a_photo_does_not_matter(kind: str) -> None:
    assert developed(photo(kind) + b"garbage" * 1000).jpeg == developed(photo(kind)).jpeg


@pytest.mark.parametrize("chunk", [b"EXIF", b"XMP ", b"junk"])
def test_a_webp_whose_metadata_is_cut_or_broken_has_all_of_its_pixels(chunk: bytes) -> None:
    webp = photo("WEBP")
    cut = webp + chunk + struct.pack("<I", 1000) + b"too short"
    broken = webp + chunk + struct.pack("<I", 8) + b"\xff" * 8

    for data in (cut, broken):
        whole = data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
        assert developed(whole).jpeg == developed(webp).jpeg


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_a_broken_colour_profile_is_passed_over(kind: str) -> None:
    data = variants.encoded(variants.picture(), kind, icc_profile=b"this is no profile" * 20)
    assert (developed(data).width, developed(data).height) == variants.picture().size


@pytest.mark.parametrize(
    ("offset", "value", "why"),
    [
        (4, 12, "12 bits"),
        (4, 16, "16 bits"),
        (1, 0xC3, "lossless"),
        (1, 0xC5, "hierarchical"),
        (1, 0xC7, "lossless"),
        (1, 0xF7, "JPEG-LS"),
        (9, 2, "two components"),
    ],
)
def test_a_jpeg_of_another_kind_is_unsupported_and_not_damaged(offset: int, value: int, why: str) -> None:
    jpeg = bytearray(photo("JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + offset] = value

    assert refusal(bytes(jpeg)) is FailureCode.UNSUPPORTED_FORMAT, why


@pytest.mark.parametrize("kind", ["HEIC", "AVIF"])
def test_what_phones_and_todays_tools_make_is_developed(kind: str) -> None:
    picture = developed(photo(kind))
    assert (picture.width, picture.height, picture.source_format) == (*variants.picture().size, kind)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_and_avif_are_upright(kind: str, orientation: int) -> None:
    picture = Image.open(variants.stream(developed(variants.oriented(orientation, kind)).jpeg))
    assert picture.size == (320, 200)
    for corner, point in {"top left": (20, 20), "top right": (300, 20), "bottom left": (20, 180)}.items():
        red, green, blue = variants.CORNERS[corner]
        found = picture.convert("RGB").getpixel(point)
        assert isinstance(found, tuple)
        assert max(abs(a - b) for a, b in zip(found, (red, green, blue), strict=True)) < 40, corner


@pytest.mark.parametrize(("announced", "frames"), [(1, 1), (2, 0), (2, 1), (0, 2)])
def test_a_png_that_is_animated_in_name_alone_is_developed(announced: int, frames: int) -> None:
    frame = struct.pack(">IIIIIHHBB", 0, 30, 20, 0, 0, 1, 10, 0, 0)
    chunks = [(b"acTL", struct.pack(">II", announced, 0)), *[(b"fcTL", frame)] * frames]
    png = photo("PNG")
    packed = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    assert developed(png[:33] + packed + png[33:]).jpeg == developed(png).jpeg


def test_an_animated_avif_is_refused_as_animated() -> None:
    assert refusal(variants.animated("AVIF")) is FailureCode.ANIMATED_IMAGE


def test_so_is_one_that_names_its_still_brand_first() -> None:
    animated = variants.animated("AVIF")
    assert animated[8:12] == b"avis"
    swapped = animated[:8] + b"avif" + animated[12:]
    assert b"avis" in swapped[:64]
    assert refusal(swapped) is FailureCode.ANIMATED_IMAGE


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_the_pixel_limit_holds_before_a_pixel_is_decoded(kind: str) -> None:
    data = variants.encoded(variants.picture(), kind)
    with pytest.raises(PermanentError) as refused:
        develop(Develop(data, max_pixels=1000, max_side=20_000, longest_side=2048, quality=92))
    assert refused.value.code is FailureCode.IMAGE_TOO_LARGE


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_nothing_of_the_metadata_leaves(kind: str) -> None:
    data = variants.with_metadata(kind)
    assert variants.SECRET.encode() in data
    assert variants.SECRET.encode() not in developed(data).jpeg
