"""What a file is, by its first bytes, and how it is refused."""

import pytest
from PIL import Image

from domain.formats import HEAD_BYTES, format_of, other_format_of, refusal_of
from tests.photos import variants


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_formats_of_phones_and_browsers_are_known_by_their_content(kind: str) -> None:
    assert format_of(variants.encoded(variants.picture(), kind)[:HEAD_BYTES]) == kind


def test_a_photo_of_an_iphone_is_known_by_its_content() -> None:
    assert format_of(variants.heic()[:HEAD_BYTES]) == "HEIC"


@pytest.mark.parametrize(
    ("brands", "kind"),
    [
        (b"heic", "HEIC"),
        (b"heix\0\0\0\0mif1heix", "HEIC"),
        (b"mif1\0\0\0\0mif1heic", "HEIC"),
        (b"msf1\0\0\0\0msf1hevc", "HEIC"),
        (b"mif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"avif\0\0\0\0avifmif1", "AVIF"),
        (b"mif1\0\0\0\0mif1jpeg", None),
        (b"isom\0\0\0\0isomavif", None),
        (b"crx \0\0\0\0crx isom", None),
    ],
)
def test_an_iso_media_file_is_told_by_its_brands(brands: bytes, kind: str | None) -> None:
    head = (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands
    assert format_of(head + b"heicavif" * 4) == kind


def test_a_phones_file_of_several_pictures_is_a_jpeg() -> None:
    assert format_of(variants.mpo()[:HEAD_BYTES]) == "JPEG"


@pytest.mark.parametrize(
    ("kind", "name"),
    [("GIF", "GIF"), ("BMP", "BMP"), ("TIFF", "TIFF"), ("ICO", "icon"), ("JPEG2000", "JPEG 2000"), ("PDF", "PDF")],
)
def test_a_real_image_of_another_format_is_refused_by_its_name(kind: str, name: str) -> None:
    head = variants.encoded(Image.new("RGB", (32, 32)), kind)[:HEAD_BYTES]
    assert format_of(head) is None
    assert other_format_of(head) == name


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        (b"MM\0\x2a", "This is a TIFF file."),
        (b"\xff\x0a\xfa", "This is a JPEG XL file."),
        (b"8BPS\0\x01", "This is a Photoshop file."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is an SVG file."),
        (b"<?xml version='1.0'?>\n<svg/>", "This is an SVG file."),
        (b"<!DOCTYPE html><title>Not found</title>", "This is an HTML file."),
        (b"%PDF-1.7\n", "This is a PDF file."),
        (b"\0\0\0\x18ftypisom", "This is a video file."),
        (b"PK\x03\x04", "This is a ZIP file."),
    ],
)
def test_what_is_refused_is_named_in_the_sentence(head: bytes, sentence: str) -> None:
    assert refusal_of(head + bytes(20)) == f"{sentence} Please choose a JPEG, PNG, WebP, HEIC or AVIF image."


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"BMW is a maker of cars, and II is a Roman two",
        b"RIFF\x24\0\0\0WAVEfmt ",
        bytes(64),
        "\u202egpj.photo".encode(),
        b"\0\0\0\x08ftyp",
    ],
)
def test_what_is_not_known_is_called_no_supported_photo(data: bytes) -> None:
    assert format_of(data) is None
    assert other_format_of(data) is None
    assert refusal_of(data).startswith("This file is not a supported photo.")
