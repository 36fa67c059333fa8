"""A photo whose pixels are whole is developed, whichever of its segments, chunks or boxes is broken."""

import struct
import zlib
from typing import Final

import pytest
from PIL import Image

from domain.failures import FailureCode
from tests.photos import variants
from workers.errors import PermanentError
from workers.imaging.developing import develop
from workers.imaging.jobs import Develop

SIDEWAYS: Final = Image.Exif()
SIDEWAYS[0x0112] = 6


def developed(data: bytes) -> bytes:
    """The clean copy."""
    return develop(Develop(data, max_pixels=50_000_000, max_side=20_000, longest_side=2048, quality=92)).jpeg


def refusal(data: bytes) -> FailureCode:
    """The code with which the photo is refused."""
    with pytest.raises(PermanentError) as refused:
        developed(data)
    return refused.value.code


def jpeg(**options: object) -> bytes:
    return variants.encoded(variants.corners(), "JPEG", exif=SIDEWAYS.tobytes(), **options)


def segment(code: int, body: bytes, length: int | None = None) -> bytes:
    """A segment that may lie about its length."""
    return struct.pack(">BBH", 0xFF, code, len(body) + 2 if length is None else length) + body


def segments_of(data: bytes) -> list[int]:
    """Where each segment of the header begins."""
    offsets, offset = [], 2
    while data[offset + 1] != 0xDA:
        offsets.append(offset)
        offset += 2 + int.from_bytes(data[offset + 2 : offset + 4])
    return [*offsets, offset]


SHORT: Final = [
    *((0xE0, body) for body in (b"", b"JFIF", b"JFIF\0", b"JFIF\0\1\1\0")),
    *((0xE1, body) for body in (b"Exif", b"Exif\0\0", b"Exif\0\0MM\0")),
    *((0xE2, body) for body in (b"ICC_PROFILE\0", b"ICC_PROFILE\0\1", b"ICC_PROFILE\0\1\1", b"FPXR\0", b"MPF\0MM\0*")),
    *((0xED, body) for body in (b"Photoshop 3.0\0", b"Photoshop 3.0\x008BIM\4\4")),
    *((0xEE, body) for body in (b"Adobe", b"Adobe\0d", b"Adobe\0d\0\0\0\0")),
    (0xFE, b""),
]


@pytest.mark.parametrize(("code", "body"), SHORT)
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_with_a_segment_that_is_too_short_is_whole(code: int, body: bytes, *, progressive: bool) -> None:
    photo = variants.encoded(variants.corners(), progressive=progressive)
    for offset in segments_of(photo):
        assert developed(photo[:offset] + segment(code, body) + photo[offset:]) == developed(photo)


@pytest.mark.parametrize("too_long", [1, 60, 400, 65_000])
@pytest.mark.parametrize(("code", "body"), [(0xFE, b"hello world"), (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"), (0xE5, b"HP")])
def test_a_jpeg_whose_comment_claims_what_follows_is_whole(code: int, body: bytes, too_long: int) -> None:
    photo = jpeg()
    for offset in segments_of(photo):
        lying = segment(code, body, len(body) + 2 + too_long if too_long < 65_000 else 65_535)
        assert developed(photo[:offset] + lying + photo[offset:]) == developed(photo)


@pytest.mark.parametrize("length", [0, 1, 2, 5, 12])
@pytest.mark.parametrize(("code", "body"), [(0xFE, b"hello world"), (0xE2, b"ICC_PROFILE\0\1\1profile")])
def test_a_jpeg_whose_comment_is_longer_than_it_says_is_whole(code: int, body: bytes, length: int) -> None:
    photo = jpeg()
    for offset in segments_of(photo):
        assert developed(photo[:offset] + segment(code, body, length) + photo[offset:]) == developed(photo)


@pytest.mark.parametrize("garbage", [b"garbage", bytes(30), b"\xff\xff\xff", b"\xff\xe5\x40\0z\xff", bytes(range(256))])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_with_garbage_between_its_segments_is_whole_and_upright(garbage: bytes, *, progressive: bool) -> None:
    photo = jpeg(progressive=progressive)
    for offset in segments_of(photo)[1:]:
        assert developed(photo[:offset] + garbage + photo[offset:]) == developed(photo)


@pytest.mark.parametrize("claimed", [0, 50, 400, 3000])
def test_a_thumbnail_is_not_taken_for_the_photo(claimed: int) -> None:
    photo, thumbnail = (
        variants.encoded(variants.picture().resize((150, 100))),
        variants.encoded(variants.corners().resize((32, 20))),
    )
    exif = SIDEWAYS.tobytes() + thumbnail
    sound = photo[:20] + segment(0xE1, exif) + photo[20:]
    lying = photo[:20] + segment(0xE1, exif, len(exif) + 2 + claimed) + photo[20:]

    assert developed(lying) == developed(sound) != developed(photo)


@pytest.mark.parametrize("length", [0, 2, 5])
def test_so_it_is_not_where_the_segment_around_it_is_longer_than_it_says(length: int) -> None:
    photo = variants.encoded(variants.picture().resize((150, 100)))
    lying = photo[:20] + segment(0xE1, b"Exif\0\0" + variants.encoded(variants.corners()), length) + photo[20:]
    assert developed(lying) == developed(photo)


@pytest.mark.parametrize(
    "garbage", [b"\xff\xd8\xff", b"\xff\xda\x01\x02", b"\xff\xdb\0\x09abc", b"\xff\xf7\0\x0babcdefgh"]
)
def test_garbage_that_looks_like_a_segment_is_passed_over(garbage: bytes) -> None:
    photo = jpeg()
    for offset in segments_of(photo)[1:-1]:
        assert developed(photo[:offset] + garbage + photo[offset:]) == developed(photo)


def test_a_hierarchical_jpeg_is_unsupported_although_its_first_frame_is_not() -> None:
    photo = jpeg()
    offset = segments_of(photo)[1]
    frame = segment(0xDE, photo[photo.index(b"\xff\xc0") + 4 :][:15])
    assert refusal(photo[:offset] + frame + photo[offset:]) is FailureCode.UNSUPPORTED_FORMAT


@pytest.mark.parametrize("too_long", [0, 1, 60, 400, 60_000])
@pytest.mark.parametrize("code", [0xFE, 0xE5])
def test_a_comment_between_two_scans_may_have_any_length(code: int, too_long: int) -> None:
    photo = jpeg(progressive=True)
    tables = [offset for offset in range(len(photo)) if photo[offset : offset + 3] == b"\xff\xc4\0"]
    for offset in tables[1:]:
        lying = segment(code, b"hello world", 13 + too_long)
        assert developed(photo[:offset] + lying + photo[offset:]) == developed(photo)


def test_a_jpeg_that_tells_its_height_behind_its_pixels_is_unsupported() -> None:
    photo = jpeg()
    frame = photo.index(b"\xff\xc0")
    assert refusal(photo[: frame + 5] + b"\0\0" + photo[frame + 7 :]) is FailureCode.UNSUPPORTED_FORMAT


def chunk(kind: bytes, body: bytes, crc: int | None = None) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc or zlib.crc32(kind + body))


def png(mode: str) -> bytes:
    picture = variants.corners()
    return variants.encoded(picture.quantize(16) if mode == "P" else picture.convert(mode), "PNG")


BODIES: Final = {
    b"tRNS": [b"", b"\0", b"\xff" * 3, b"\0" * 7, b"\0" * 300],
    b"acTL": [b"", b"\0\0\0\2", bytes(8), b"\xff" * 8, b"\xff" * 9],
    b"iCCP": [b"", b"name", b"name\0", b"name\0\1abc", b"name\0\0abc", b"n\0\0" + zlib.compress(bytes(3_000_000))],
    b"eXIf": [b"", b"MM", b"MM\0*\xff\xff\xff\xff", b"\xff" * 40],
    b"zTXt": [b"key\0\1x", b"key\0\0x", b"\0", b"key\0\0" + zlib.compress(bytes(3_000_000))],
    **{
        kind: [b"", b"\0"] for kind in (b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"fcTL", b"fdAT", b"cICP", b"tEXt", b"iTXt")
    },
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_a_png_with_a_malformed_chunk_of_right_crc_is_whole(kind: bytes, mode: str) -> None:
    photo = png(mode)
    for body in BODIES[kind]:
        if (kind, mode) == (b"tRNS", "P") and 0 < len(body) <= 16:
            continue  # as it should be
        for offset in (33, photo.index(b"IDAT") - 4, len(photo) - 12):
            assert developed(photo[:offset] + chunk(kind, body) + photo[offset:]) == developed(photo)


@pytest.mark.parametrize("claimed", [0, 3, 20, 100, 5000, 2**32 - 1])
def test_a_png_with_a_chunk_of_a_wrong_length_is_whole(claimed: int) -> None:
    photo = png("RGB")
    lying = struct.pack(">I", claimed) + b"tEXt" + b"Comment\0hello" + b"crc!"
    assert developed(photo[:33] + lying + photo[33:]) == developed(photo)


def packed(photo: bytes) -> tuple[bytes, bytes]:
    """A PNG up to its pixels, and these, in the form that zlib gave them."""
    offset = start = photo.index(b"IDAT") - 4
    body = b""
    while photo[offset + 4 : offset + 8] == b"IDAT":
        length = int.from_bytes(photo[offset : offset + 4])
        body += photo[offset + 8 : offset + 8 + length]
        offset += 12 + length
    return photo[:start], body


def test_a_png_with_all_rows_and_one_right_checksum_is_whole() -> None:
    head, body = packed(png("RGB"))
    for mended in (
        chunk(b"IDAT", body[:-4] + b"sum!"),
        chunk(b"IDAT", body[:-4]),
        chunk(b"IDAT", body, crc=1),
        chunk(b"IDAT", b"\x78\0" + body[2:]),
        chunk(b"IDAT", body[:500]) + chunk(b"tEXt", b"a", crc=1) + chunk(b"IDAT", body[500:]),
    ):
        assert developed(head + mended + chunk(b"IEND", b"")) == developed(png("RGB"))
    assert developed(head[:-4] + b"crc!" + chunk(b"IDAT", body)) == developed(png("RGB"))


def test_a_png_whose_two_checksums_are_both_wrong_is_damaged() -> None:
    head, body = packed(png("RGB"))
    assert refusal(head + chunk(b"IDAT", body[:-4] + b"sum!", crc=1)) is FailureCode.IMAGE_TRUNCATED


def webp_chunks() -> dict[bytes, bytes]:
    photo = variants.with_metadata("WEBP")
    found, offset = {}, 12
    while offset < len(photo):
        length = int.from_bytes(photo[offset + 4 : offset + 8], "little")
        found[photo[offset : offset + 4]] = photo[offset + 8 : offset + 8 + length]
        offset += 8 + length + length % 2
    return found


def webp(chunks: dict[bytes, bytes], claimed: dict[bytes, int] | None = None) -> bytes:
    """A WebP of these chunks, of which some lie about their length."""
    parts = [b"WEBP"]
    for kind, body in chunks.items():
        length = (claimed or {}).get(kind, len(body))
        parts += kind, struct.pack("<I", length), body, b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(b"".join(parts))) + b"".join(parts)


@pytest.mark.parametrize("kind", [b"EXIF", b"XMP "])
@pytest.mark.parametrize("body", [b"", b"\0", b"\xff" * 8, b"Exif\0\0", b"x" * 301])
def test_a_webp_with_broken_metadata_is_whole(kind: bytes, body: bytes) -> None:
    chunks = webp_chunks()
    assert developed(webp(chunks | {kind: body})) == developed(webp(chunks))


@pytest.mark.parametrize("claimed", [0, 1, 7, 5000, 2**32 - 1])
@pytest.mark.parametrize("kind", [b"ICCP", b"EXIF", b"XMP "])
def test_a_webp_whose_metadata_has_a_wrong_length_is_whole(kind: bytes, claimed: int) -> None:
    chunks = webp_chunks()
    bare = {name: body for name, body in chunks.items() if name != kind}
    assert developed(webp(chunks, {kind: claimed})) == developed(webp(bare))


@pytest.mark.parametrize("side", [1, 64, 5000])
@pytest.mark.parametrize("lossless", [False, True])
def test_a_webp_whose_canvas_is_not_as_large_as_its_picture_is_whole(side: int, *, lossless: bool) -> None:
    picture = variants.picture().convert("RGBA")
    photo = variants.encoded(picture, "WEBP", lossless=lossless, exif=b"Exif\0\0II*\0")
    size = photo.index(b"VP8X") + 12
    canvas = (side - 1).to_bytes(3, "little") * 2
    wrong = photo[:size] + canvas + photo[size + 6 :]

    assert developed(wrong) == developed(photo)


@pytest.mark.parametrize("length", [6, 10])
def test_a_webp_whose_picture_has_no_size_is_damaged(length: int) -> None:
    picture = (b"\x9d\x01\x2a".rjust(6, b"\0") + bytes(4))[:length]
    assert refusal(webp({b"VP8X": bytes(10), b"VP8 ": picture})) is FailureCode.IMAGE_TRUNCATED


@pytest.mark.parametrize("head", [b"XX\0*", b"MM\0\0", bytes(4), b"\xff" * 4])
@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_an_avif_or_heic_with_a_broken_exif_header_is_whole(kind: str, head: bytes) -> None:
    photo = variants.with_metadata(kind)
    tiff = max(photo.rfind(b"MM\0*"), photo.rfind(b"II*\0"))
    assert tiff > 0
    for offset in (tiff, tiff - 10):
        assert developed(photo[:offset] + head + photo[offset + 4 :]) == developed(photo)
