"""What a file is, by its first bytes, and how it is refused."""

import struct

import pytest
from PIL import Image

from domain.formats import HEAD_BYTES, format_of, refusal_of
from domain.other_formats import is_image, other_format_of
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
        (b"miaf\0\0\0\0mif1heic", "HEIC"),
        (b"MA1B\0\0\0\0mif1avif", "AVIF"),
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
    [
        ("GIF", "GIF"),
        ("BMP", "BMP"),
        ("TIFF", "TIFF"),
        ("ICO", "icon (ICO)"),
        ("JPEG2000", "JPEG 2000"),
        ("PDF", "PDF"),
        ("PPM", "PPM"),
        ("TGA", "TGA"),
        ("DDS", "DDS"),
        ("EPS", "EPS"),
    ],
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
        (b"8BPS\0\x01", "This is a Photoshop (PSD) file."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is an SVG file."),
        (b"<?xml version='1.0'?>\n<svg/>", "This is an SVG file."),
        (b"<!-- Made\nby hand --> <!----> <svg:svg>", "This is an SVG file."),
        (b"\xef\xbb\xbf<?xml version='1.0'?><!-- - -->\r\n<!DOCTYPE svg PUBLIC '-//W3C'>", "This is an SVG file."),
        ("\ufeff<svg/>".encode("utf-16-le"), "This is an SVG file."),
        (b"<?xml version='1.0'?>\n<plist/>", "This is an XML file."),
        (b"<!DOCTYPE html><title>Not found</title>", "This is an HTML file."),
        (b"<!-- 404 -->\n<HTML lang='en'>", "This is an HTML file."),
        (b"%PDF-1.7\n", "This is a PDF file."),
        (b"\0\0\0\x18ftypisom", "This is a video (MP4) file."),
        (b"\0\0\0\x14ftypqt  ", "This is a video (MOV) file."),
        (b"\0\1\0\0moov\0\0\0\x6cmvhd", "This is a video (MOV) file."),
        (b"\0\0\0\x08wide\0\1\0\0mdat", "This is a video (MOV) file."),
        (b"\0\0\0\x10free12345678\0\0\0\1mdat", "This is a video (MOV) file."),
        (b"P6\n# by hand\n4 4\n255\n", "This is a PPM file."),
        (b"P5 4 # wide\n4 255\n", "This is a PGM file."),
        (b"P1\n4\n4\n0", "This is a PBM file."),
        (b"Pf\n4 4\n-1.0\n", "This is a PFM file."),
        (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n", "This is a Radiance (HDR) file."),
        (b"SIMPLE  =                    T", "This is an astronomical image (FITS) file."),
        (bytes(128) + b"DICM", "This is a DICOM file."),
        (b"AT&TFORM\0\0\0\x10DJVUINFO", "This is a DjVu file."),
        (b"BPG\xfb\0\0", "This is a BPG file."),
        (b"FLIF1", "This is a free lossless image (FLIF) file."),
        (b"\x8aMNG\r\n\x1a\n", "This is an MNG file."),
        (b"\x8bJNG\r\n\x1a\n", "This is a JNG file."),
        (b"FORM\0\0\0\x40ILBMBMHD", "This is an IFF (ILBM) file."),
        (b"\x0a\x05\x01\x08\0\0", "This is a PCX file."),
        (b"\x01\xda\0\x01\0\x03", "This is an SGI file."),
        (b"\xabKTX 11\xbb\r\n\x1a\n", "This is a KTX file."),
        (b"/* by hand */\n#define photo_width 4\n", "This is an XBM file."),
        (b"/* XPM */\nstatic char", "This is an XPM file."),
        (b"RIFF\x24\0\0\0ACON", "This is an animated cursor (ANI) file."),
        (b"\xd7\xcd\xc6\x9a\0\0", "This is a Windows metafile (WMF) file."),
        (b"\x01\0\0\0" + bytes(36) + b" EMF", "This is a Windows metafile (EMF) file."),
        (b"PK\x03\x04", "This is a ZIP file."),
        (b"PK\x03\x04" + bytes(26) + b"word/document.xml", "This is a Word (DOCX) file."),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "This is an Office (DOCX, XLSX or PPTX) file."),
        (b"{\\rtf1\\ansi", "This is a rich text (RTF) file."),
        (b"icns\0\0\1\0", "This is an Apple icon (ICNS) file."),
        (b"II\xbc\1\x20\0\0\0", "This is a JPEG XR file."),
        (b"\0\0\0\x14ftypavci", "This is a non-HEIC HEIF file."),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "This is an EPS file."),
        (b"%!PS-Adobe-3.0\n", "This is a PostScript file."),
        (b"\0\0\0\x18ftypcrx ", "This is a Canon CR3 raw file."),
        (b"II\x2a\0\x10\0\0\0CR\x02\0", "This is a Canon CR2 raw (TIFF-based) file."),
        (b"IIRO\x08\0\0\0", "This is an Olympus ORF raw (TIFF-based) file."),
        (b"FUJIFILMCCD-RAW 0201", "This is a Fuji RAF raw file."),
    ],
)
def test_what_is_refused_is_named_in_the_sentence(head: bytes, sentence: str) -> None:
    assert refusal_of(head + bytes(20)) == f"{sentence} Please choose a JPEG, PNG, WebP, HEIC or AVIF image."


def raw(order: str, *tags: tuple[int, bytes]) -> bytes:
    """The start of a TIFF file with these tags in its first directory, as cameras write it."""
    offset = 8 + 2 + 12 * len(tags) + 4
    directory, contents = struct.pack(f"{order}H", len(tags)), b""
    for tag, content in tags:
        directory += struct.pack(f"{order}HHII", tag, 2, len(content), offset + len(contents))
        contents += content
    head = b"II\x2a\0" if order == "<" else b"MM\0\x2a"
    return head + struct.pack(f"{order}I", 8) + directory + bytes(4) + contents


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ([(0x010F, b"NIKON CORPORATION\0"), (0x014A, bytes(8))], "Nikon NEF raw (TIFF-based)"),
        ([(0x010F, b"SONY\0"), (0x014A, bytes(8))], "Sony ARW raw (TIFF-based)"),
        ([(0x010F, b"Apple\0"), (0xC612, b"\1\4\0\0")], "DNG raw (TIFF-based)"),
        ([(0x010F, b"RICOH IMAGING\0"), (0x014A, bytes(8))], "Pentax PEF raw (TIFF-based)"),
        ([(0x010F, b"Leica\0")], "TIFF"),
    ],
)
def test_a_raw_photo_is_named_by_its_camera_where_that_is_sure(
    order: str, tags: list[tuple[int, bytes]], name: str
) -> None:
    assert other_format_of(raw(order, *tags)) == name
    assert is_image(name)


@pytest.mark.parametrize(
    "name", ["PDF", "Word (DOCX)", "Office (DOCX, XLSX or PPTX)", "rich text (RTF)", "video (MOV)", "HTML", "XML"]
)
def test_documents_and_videos_are_no_images(name: str) -> None:
    assert not is_image(name)


def test_a_hostile_head_costs_no_more_than_an_honest_one() -> None:
    for piece in (
        b"<!-->",
        b"<!--",
        b" ",
        b"<?",
        b"P6 #",
        b"P6 1",
        b"<?>",
        b"<!---->",
        b"\0\0\0\x08free",
        b"II*\0\xff",
    ):
        assert other_format_of((piece * HEAD_BYTES)[:HEAD_BYTES]) in {None, "TIFF"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"P5 is a number, and P6 2",
        b"\0\0\0\x08free\0\0\0\x08junk",
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
