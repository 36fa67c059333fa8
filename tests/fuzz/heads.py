"""Image files that were damaged at random, mostly in their heads, are developed or refused; nothing else happens."""

import random
import warnings
from collections.abc import Iterator
from typing import Final

from PIL import Image

from domain.failures import FailureCode
from tests.fuzz.damage import damaged
from tests.photos import attacks, variants
from workers.errors import PermanentError
from workers.imaging.developing import develop
from workers.imaging.jobs import Develop

EXPECTED: Final = {
    None,
    FailureCode.NOT_AN_IMAGE,
    FailureCode.UNSUPPORTED_FORMAT,
    FailureCode.IMAGE_TRUNCATED,
    FailureCode.IMAGE_TOO_LARGE,
    FailureCode.IMAGE_TOO_COMPLEX,
    FailureCode.ANIMATED_IMAGE,
}


def faults(cases: int, seed: str) -> Iterator[str]:
    """What went wrong, a sentence each."""
    dice, whole = random.Random(seed), photos()
    for number in range(cases):
        data = damaged(dice.choice(whole), dice)
        if (came := outcome(data)) not in EXPECTED:
            yield f"image {number} of seed {seed}: {came}: {data[:64].hex()}"


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
