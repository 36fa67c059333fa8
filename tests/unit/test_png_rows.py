"""The rows of a PNG are unpacked while Pillow decodes them, and are found to be whole by then, or not."""

import random
import struct
import zlib
from collections.abc import Iterator
from typing import Final

import pytest
from PIL import Image

from domain.failures import FailureCode
from tests.photos import variants
from workers.errors import PermanentError
from workers.imaging.opening import decode, open_header
from workers.imaging.png import STEP_BYTES, parts_of

COLOURS: Final = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 8), (4, 8), (6, 8), (6, 16)]
"""Colour types and depths."""
CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ROW: Final = b"\1" + bytes(range(120))
"""Of 40 pixels in full colour."""
BLOCK: Final = STEP_BYTES // len(ROW) + 1
"""Rows that are more than a block."""


def chunk(kind: bytes, body: bytes, *, is_right: bool = True) -> bytes:
    crc = zlib.crc32(kind + body) if is_right else 1
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def png(
    packed: bytes, rows: int = 100, *, cut: int = 10**6, pixels_are_right: bool = True, header_is_right: bool = True
) -> bytes:
    """A PNG of 40 pixels a row in full colour, its pixels cut into chunks of that many bytes."""
    header = struct.pack(">IIBBBBB", 40, rows, 8, 2, 0, 0, 0)
    pixels = [
        chunk(b"IDAT", packed[offset : offset + cut], is_right=pixels_are_right)
        for offset in range(0, len(packed), cut)
    ]
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header, is_right=header_is_right) + b"".join(pixels)


def opened(data: bytes) -> Image.Image:
    return open_header(data, max_pixels=10**6, max_side=10**5)


def decoded(data: bytes) -> bytes:
    image = opened(data)
    decode(image)
    return image.tobytes()


def refusal(data: bytes) -> str:
    """Why it is refused as truncated, once it is decoded; its header alone is fine."""
    image = opened(data)
    with pytest.raises(PermanentError) as refused:
        decode(image)
    assert refused.value.code is FailureCode.IMAGE_TRUNCATED
    return str(refused.value.detail)


def interlaced(width: int, height: int, bits: int) -> Iterator[int]:
    """The bytes of each row of the seven passes."""
    for left, top, across, down in (
        *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
        *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
    ):
        for _ in range(top, height, down):
            if left < width:
                yield (len(range(left, width, across)) * bits + 7) // 8


@pytest.mark.parametrize("is_interlaced", [False, True])
@pytest.mark.parametrize(("colour", "depth"), COLOURS)
def test_a_picture_of_any_kind_and_size_is_what_pillow_makes_of_its_file(
    colour: int, depth: int, *, is_interlaced: bool
) -> None:
    dice, bits = random.Random(colour + depth), depth * CHANNELS[colour]
    for width, height in ((1, 1), (3, 2), (4, 9), (13, 8), (97, 301)):
        sizes = interlaced(width, height, bits) if is_interlaced else [(width * bits + 7) // 8] * height
        rows = b"".join(bytes([dice.randrange(5)]) + dice.randbytes(size) for size in sizes)
        header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, is_interlaced)
        head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"PLTE", dice.randbytes(768)) * (colour == 3)
        file = head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
        lacking = head + chunk(b"IDAT", zlib.compress(rows[:-1])) + chunk(b"IEND", b"")

        assert decoded(file) == Image.open(variants.stream(file)).tobytes()
        assert refusal(lacking) == "a PNG that lacks 1 bytes of its rows"


@pytest.mark.parametrize("level", [0, 1, 9])
@pytest.mark.parametrize("cut", [1, 2, 3, 100, STEP_BYTES, STEP_BYTES + 1, 10**6])
def test_pillow_is_given_the_rows_a_block_at_a_time_however_they_are_packed(cut: int, level: int) -> None:
    rows = random.Random(cut).randbytes(30_000) + bytes(60_000 + -90_000 % 121)
    file = png(zlib.compress(rows, level), len(rows) // 121, cut=cut)
    pieces = list(parts_of(file)._rows())  # noqa: SLF001 - what Pillow sees

    assert zlib.decompressobj().decompress(b"".join(pieces)) == rows
    assert max(map(len, pieces)) <= 5 + STEP_BYTES


@pytest.mark.parametrize("missing", [1, 4, 100, 4000])
def test_a_stream_that_breaks_off_lacks_rows(missing: int) -> None:
    packed = zlib.compress(random.Random(1).randbytes(12_100))
    assert refusal(png(packed[: -4 - missing])).startswith("a PNG that lacks")


def test_a_stream_that_is_broken_before_the_last_row_is_damage() -> None:
    packed = bytearray(zlib.compress(ROW * 100, 0))
    packed[4] ^= 1  # the length of its first block
    assert "Invalid" in refusal(png(bytes(packed)))


@pytest.mark.parametrize("cut", [1, 2, 3, 10**6])
def test_the_streams_own_checksum_is_found_behind_its_end_however_it_is_cut(cut: int) -> None:
    packed = zlib.compress(ROW * 100)
    for behind in (b"", b"garbage"):
        assert decoded(png(packed + behind, cut=cut, pixels_are_right=False)) == decoded(png(packed))
    for wrong in (packed[:-1] + bytes([packed[-1] ^ 1]), packed[:-1], packed[:-4]):
        assert refusal(png(wrong, cut=cut, pixels_are_right=False)) == "a PNG whose pixels have no right checksum"


def test_a_wrong_checksum_of_the_stream_does_not_matter_where_the_chunks_are_right() -> None:
    packed = zlib.compress(ROW * 100)
    assert decoded(png(packed[:-4] + b"sum!")) == decoded(png(packed[:-4])) == decoded(png(packed))


@pytest.mark.parametrize("more", [1, 3, BLOCK, 3 * BLOCK])
def test_of_more_rows_than_asked_for_the_first_ones_are_taken(more: int) -> None:
    plain, long = zlib.compress(ROW * 100), zlib.compress(ROW * (100 + more))
    assert decoded(png(long)) == decoded(png(plain))


def test_what_follows_the_rows_may_be_broken_where_the_chunks_are_right() -> None:
    packer = zlib.compressobj()
    packed = packer.compress(ROW * 100) + packer.flush(zlib.Z_FULL_FLUSH)
    plain = png(zlib.compress(ROW * 100))
    assert decoded(png(packed, cut=len(packed))) == decoded(plain)
    assert decoded(png(packed + b"\7" * 100, cut=len(packed))) == decoded(plain)


def test_the_checksum_of_a_stream_with_more_rows_is_looked_for_up_to_a_block_behind_them() -> None:
    near, far = zlib.compress(ROW * 103), zlib.compress(ROW * (100 + 3 * BLOCK))
    assert decoded(png(near, pixels_are_right=False)) == decoded(png(near))
    assert refusal(png(far, pixels_are_right=False)) == "a PNG whose pixels have no right checksum"


def test_a_damaged_header_is_proven_by_a_right_stream_of_exactly_its_rows() -> None:
    packed = zlib.compress(ROW * 100)
    assert decoded(png(packed, header_is_right=False)) == decoded(png(packed))
    for wrong in (packed[:-1], zlib.compress(ROW * 101)):
        assert refusal(png(wrong, header_is_right=False)) == "a PNG whose header is damaged"


def test_a_row_with_a_filter_that_there_is_not_is_damage() -> None:
    assert "OSError" in refusal(png(zlib.compress(ROW * 99 + b"\5" + ROW[1:])))
