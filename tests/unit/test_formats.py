"""What a file really is, by its first bytes."""

import pytest
from PIL import Image

from domain.failures import FailureCode
from tests.photos import variants
from workers.errors import PermanentError
from workers.imaging.formats import HEAD_BYTES, sniff


def refusal(data: bytes) -> FailureCode:
    with pytest.raises(PermanentError) as refused:
        sniff(data[:HEAD_BYTES])
    return refused.value.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_formats_of_phones_and_browsers_are_known_by_their_content(kind: str) -> None:
    assert sniff(variants.encoded(variants.picture(), kind)[:HEAD_BYTES]) == kind


def test_a_phones_file_of_several_pictures_is_a_jpeg() -> None:
    assert sniff(variants.mpo()[:HEAD_BYTES]) == "JPEG"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "JPEG2000", "AVIF"])
def test_a_real_image_of_another_format_is_called_unsupported(kind: str) -> None:
    assert refusal(variants.encoded(Image.new("RGB", (32, 32)), kind)) is FailureCode.UNSUPPORTED_FORMAT


@pytest.mark.parametrize("head", [b"\0\0\0\x18ftypheic", b"8BPS\0\x01", b"\xff\x0a\xfa", b"MM\0\x2a"])
def test_formats_that_we_cannot_write_are_called_unsupported_by_their_signature(head: bytes) -> None:
    assert refusal(head + bytes(20)) is FailureCode.UNSUPPORTED_FORMAT


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"BMW is a maker of cars, and II is a Roman two",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<?xml version='1.0'?><svg/>",
        b"%PDF-1.7\n",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"\0\0\0\x18ftypisom",
        bytes(64),
        "\u202egpj.photo".encode(),
    ],
)
def test_what_is_no_image_is_told_apart_from_an_unsupported_one(data: bytes) -> None:
    assert refusal(data) is FailureCode.NOT_AN_IMAGE
