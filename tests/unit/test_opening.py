"""Why a picture is refused: every broken, forbidden or hostile file has its own code."""

import pytest
from PIL import Image

from domain.failures import FailureCode
from tests.photos import variants
from workers.errors import PermanentError
from workers.imaging.developing import develop
from workers.imaging.jobs import Develop
from workers.imaging.opening import decode


def refusal(data: bytes, *, max_pixels: int = 50_000_000, max_side: int = 20_000) -> FailureCode:
    with pytest.raises(PermanentError) as refused:
        develop(Develop(data, max_pixels, max_side, longest_side=2048, quality=90))
    return refused.value.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_photo_that_breaks_off_is_called_truncated(kind: str, share: float) -> None:
    assert refusal(variants.truncated(kind, share)) is FailureCode.IMAGE_TRUNCATED


@pytest.mark.parametrize("missing", [1, 2, 12, 20])
def test_so_is_a_webp_that_lacks_the_last_bytes_of_its_pixels(missing: int) -> None:
    assert refusal(variants.encoded(variants.picture(), "WEBP")[:-missing]) is FailureCode.IMAGE_TRUNCATED


def test_a_progressive_photo_that_breaks_off_is_called_truncated() -> None:
    data = variants.encoded(variants.picture(), progressive=True)
    assert refusal(data[: len(data) * 3 // 4]) is FailureCode.IMAGE_TRUNCATED


@pytest.mark.parametrize("head", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBP"])
def test_a_file_that_is_nothing_but_a_signature_is_called_truncated(head: bytes) -> None:
    assert refusal(head) is FailureCode.IMAGE_TRUNCATED


def test_a_photo_with_a_damaged_header_is_called_truncated() -> None:
    data = bytearray(variants.encoded(variants.picture(), "PNG"))
    data[18] ^= 1
    assert refusal(bytes(data)) is FailureCode.IMAGE_TRUNCATED


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animations_are_refused(kind: str) -> None:
    assert refusal(variants.animated(kind)) is FailureCode.ANIMATED_IMAGE


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(variants.claims(30_000, 30_000), id="900 megapixels promised"),
        pytest.param(variants.claims(2**31 - 1, 2**31 - 1), id="as large as a PNG can claim"),
        pytest.param(variants.very_wide(), id="65,535 pixels wide"),
        pytest.param(variants.claims(20_001, 1), id="one pixel too wide"),
        pytest.param(variants.claims(10_001, 5_000), id="a little more than 50 megapixels"),
        pytest.param(variants.canvas_claim_webp(), id="a canvas of 268 megapixels"),
    ],
)
def test_too_many_pixels_are_refused_by_the_header(data: bytes) -> None:
    assert refusal(data) is FailureCode.IMAGE_TOO_LARGE


@pytest.mark.parametrize("data", [variants.claims(20_000, 1), variants.claims(10_000, 5_000)])
def test_a_picture_at_the_limits_is_opened(data: bytes) -> None:
    assert refusal(data) is FailureCode.IMAGE_TRUNCATED


def test_the_limits_are_the_callers() -> None:
    assert refusal(variants.photo(), max_pixels=239_999) is FailureCode.IMAGE_TOO_LARGE
    assert refusal(variants.photo(), max_side=599) is FailureCode.IMAGE_TOO_LARGE


class Endless(Image.Image):
    """A picture that no memory is enough for."""

    def load(self) -> None:
        """Fail."""
        raise MemoryError


def test_want_of_memory_is_never_called_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MemoryError):
        decode(Endless())
    monkeypatch.setattr(Image, "open", lambda *_, **__: Endless().load())
    with pytest.raises(MemoryError):
        develop(Develop(variants.photo(), 10**6, 1000, longest_side=300, quality=80))
