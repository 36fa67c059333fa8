"""Files that were damaged at random, mostly in their heads, are developed or refused, and nothing else happens.

Longer: `FUZZ_HEADS=200000 FUZZ_SEED=7 pytest tests/unit/test_hostile_heads.py`. A failure names its seed and number.
"""

import os
import random
import warnings
from typing import Final

import pytest
from PIL import Image

from domain.failures import FailureCode
from tests.photos import attacks, variants
from workers.errors import PermanentError
from workers.imaging.developing import develop
from workers.imaging.jobs import Develop

HEADS: Final = int(os.environ.get("FUZZ_HEADS", "5000"))
SEED: Final = int(os.environ.get("FUZZ_SEED", "15"))
PARTS: Final = 10
HEAD_BYTES: Final = 700
LENGTHS: Final = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\1")
EXPECTED: Final = {
    None,
    FailureCode.NOT_AN_IMAGE,
    FailureCode.UNSUPPORTED_FORMAT,
    FailureCode.IMAGE_TRUNCATED,
    FailureCode.IMAGE_TOO_LARGE,
    FailureCode.IMAGE_TOO_COMPLEX,
    FailureCode.ANIMATED_IMAGE,
}


def photos() -> list[bytes]:
    """Small ones of every format, with and without metadata."""
    small = variants.corners().resize((64, 40))
    kinds = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")
    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        *(variants.encoded(small, kind) for kind in kinds),
        *(variants.encoded(small, kind, exif=exif.tobytes(), icc_profile=b"profile" * 20) for kind in kinds),
        variants.encoded(small, progressive=True),
        variants.encoded(small.quantize(16), "PNG", transparency=3),
        attacks.heic_grid(64, 2, 2, (128, 128)),
    ]


def damaged(photo: bytes, dice: random.Random) -> bytes:
    """The photo with a few bytes changed, removed, repeated or put in."""
    data = bytearray(photo)
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        place = dice.randrange(min(len(data), HEAD_BYTES) if dice.random() < 0.7 else len(data))
        count = dice.choice((1, 2, 4, 50))
        match dice.randrange(5):
            case 0:
                data[place] = dice.randrange(256)
            case 1:
                del data[place : place + count]
            case 2:
                data[place:place] = dice.randbytes(count)
            case 3:
                data[place : place + 4] = dice.choice(LENGTHS)
            case _:
                data[place:place] = data[place : place + count]
    return bytes(data)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_file_is_developed_or_refused_as_a_photo(part: int) -> None:
    dice, whole = random.Random(f"{SEED}-{part}"), photos()
    for number in range(HEADS // PARTS):
        data = damaged(dice.choice(whole), dice)
        assert outcome(data) in EXPECTED, f"seed {SEED}, part {part}, number {number}: {data[:64].hex()}"


def outcome(data: bytes) -> FailureCode | str | None:
    """The code with which the file is refused, None if it is developed, or what went wrong."""
    try:
        with warnings.catch_warnings(action="ignore"):
            develop(Develop(data, max_pixels=1_000_000, max_side=20_000, longest_side=64, quality=50))
    except PermanentError as refusal:
        return refusal.code
    except Exception as error:  # noqa: BLE001 - whatever comes is told with the file
        return repr(error)
    return None
