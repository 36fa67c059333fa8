"""Names the format of a file that is not accepted, by its first bytes. Decodes nothing.

Every pattern reads the start of a file once, so a hostile one costs no more than an honest one.
"""

import re
import struct
from collections.abc import Callable
from typing import Final

VIDEOS: Final = "isom|iso[2-9]|mp4|M4V|MSNV|mmp4|avc1|dash|f4v |XAVC|3g[eprs2]|3gp"
_WIDTH_AND_HEIGHT: Final = rb"(?:\s(?:\s|#[^\n]*\n)*\d+){2}\s"
"""Of PBM, PGM, PPM and PFM, whose header is text with comments."""
_BINARY: Final = {
    "GIF": re.compile(rb"GIF8[79]a"),
    "BMP": re.compile(rb"BM....\0\0\0\0....[\x0c-\x7c]\0\0\0", re.DOTALL),
    "Canon CR2 raw (TIFF-based)": re.compile(rb"II\x2a\0....CR\x02", re.DOTALL),
    "Canon CR3 raw": re.compile(rb"....ftypcrx ", re.DOTALL),
    "Canon CRW raw": re.compile(rb"II\x1a\0\0\0HEAPCCDR"),
    "Fuji RAF raw": re.compile(rb"FUJIFILMCCD-RAW"),
    "Olympus ORF raw (TIFF-based)": re.compile(rb"IIR[OS]|MMOR"),
    "Panasonic RW2 raw (TIFF-based)": re.compile(rb"IIU\0"),
    "Sigma X3F raw": re.compile(rb"FOVb"),
    "Minolta MRW raw": re.compile(rb"\0MRM"),
    "non-HEIC HEIF": re.compile(rb"....ftyp(?:mif[12]|msf1|miaf|avc[is]|jpeg|jpgs|j2k[is]|vvi[cs]|evb[is])", re.DOTALL),
    "JPEG XR": re.compile(rb"II\xbc[\0\1]"),
    "JPEG 2000": re.compile(rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"),
    "JPEG XL": re.compile(rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n"),
    "Photoshop (PSD)": re.compile(rb"8BPS\0[\x01\x02]"),
    "GIMP (XCF)": re.compile(rb"gimp xcf "),
    "Apple icon (ICNS)": re.compile(rb"icns\0"),
    "DDS": re.compile(rb"DDS \x7c\0\0\0"),
    "QOI": re.compile(rb"qoif"),
    "OpenEXR": re.compile(rb"\x76\x2f\x31\x01"),
    "Radiance (HDR)": re.compile(rb"#\?(?:RADIANCE|RGBE)\s"),
    "astronomical image (FITS)": re.compile(rb"SIMPLE  =  "),
    "DICOM": re.compile(rb".{128}DICM", re.DOTALL),
    "DjVu": re.compile(rb"AT&TFORM....DJV", re.DOTALL),
    "BPG": re.compile(rb"BPG\xfb"),
    "free lossless image (FLIF)": re.compile(rb"FLIF[1-4A-DQ-T]"),
    "MNG": re.compile(rb"\x8aMNG\r\n\x1a\n"),
    "JNG": re.compile(rb"\x8bJNG\r\n\x1a\n"),
    "IFF (ILBM)": re.compile(rb"FORM....(?:ILBM|PBM )", re.DOTALL),
    "PCX": re.compile(rb"\x0a[\0\x02-\x05]\x01[\x01\x02\x04\x08]"),
    "SGI": re.compile(rb"\x01\xda[\0\x01][\x01\x02]\0[\x01-\x03]"),
    "KTX": re.compile(rb"\xabKTX [12][10]\xbb"),
    "XBM": re.compile(rb"(?:/\*[^*]*\*/)?\s*#define\s+\w+_width\s"),
    "XPM": re.compile(rb"/\* XPM \*/"),
    "animated cursor (ANI)": re.compile(rb"RIFF....ACON", re.DOTALL),
    "Windows metafile (WMF)": re.compile(rb"\xd7\xcd\xc6\x9a"),
    "Windows metafile (EMF)": re.compile(rb"\x01\0\0\0.{36} EMF", re.DOTALL),
    "icon (ICO)": re.compile(rb"\0\0\x01\0[^\0]\0"),
    "cursor (CUR)": re.compile(rb"\0\0\x02\0[^\0]\0"),
    "EPS": re.compile(rb"%!PS-Adobe-\d\.\d EPSF|\xc5\xd0\xd3\xc6"),
    "PostScript": re.compile(rb"%!PS"),
    "PBM": re.compile(rb"P[14]" + _WIDTH_AND_HEIGHT),
    "PGM": re.compile(rb"P[25]" + _WIDTH_AND_HEIGHT),
    "PPM": re.compile(rb"P[36]" + _WIDTH_AND_HEIGHT),
    "PFM": re.compile(rb"P[Ff]" + _WIDTH_AND_HEIGHT),
    "PAM": re.compile(rb"P7\n(?:WIDTH|HEIGHT|DEPTH|MAXVAL|TUPLTYPE|#)"),
    "PDF": re.compile(rb"(?:\xef\xbb\xbf)?\s*%PDF-"),
    "ZIP": re.compile(rb"PK(?:\x03\x04|\x05\x06|\x07\x08)"),
    "rich text (RTF)": re.compile(rb"\{\\rtf1"),
    "RAR": re.compile(rb"Rar!\x1a\x07"),
    "7-Zip": re.compile(rb"7z\xbc\xaf\x27\x1c"),
    "gzip": re.compile(rb"\x1f\x8b\x08"),
    "older Office (DOC, XLS or PPT)": re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    "video (MP4)": re.compile(rf"....ftyp(?:{VIDEOS})".encode(), re.DOTALL),
    "video (MOV)": re.compile(rb"....ftypqt  ", re.DOTALL),
    "video (WebM or Matroska)": re.compile(rb"\x1a\x45\xdf\xa3"),
    "video (AVI)": re.compile(rb"RIFF....AVI ", re.DOTALL),
    "video (MPEG)": re.compile(rb"\0\0\x01[\xba\xb3]"),
    "video (WMV)": re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
}
_NO_IMAGES: Final = (
    *("PDF", "ZIP", "RAR", "7-Zip", "gzip", "older Office", "Office", "Word", "Excel", "PowerPoint"),
    *("rich text", "HTML", "XML"),
)
_PROLOGUE: Final = re.compile(rb"\s+|<\?[^>]*>|<!--.*?-->", re.DOTALL)
_DOCTYPE: Final = re.compile(rb"<!doctype\s+([\w:]+)", re.IGNORECASE)
_ELEMENT: Final = re.compile(rb"<(?:[\w-]+:)?(svg|html|head|body)\b", re.IGNORECASE)
_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-8 and UTF-16."""
_TIFF: Final = {b"II\x2a\0": "<", b"MM\0\x2a": ">", b"II\x2b\0": "", b"MM\0\x2b": ""}
"""Byte orders. A big TIFF is not looked into."""
_MAKE, _PARTS, _DNG_VERSION, _SONY_DATA = 0x010F, 0x014A, 0xC612, 0xC634
_TGA: Final = struct.Struct("<xBBHHBHHHHBB")


def other_format_of(head: bytes) -> str | None:
    """The name of a format that is not accepted; None for what is not known."""
    for tell in _TELLS:
        if name := tell(head):
            return name
    return None


def is_image(name: str) -> bool:
    """Whether files of that name are images."""
    return not name.startswith((*_NO_IMAGES, "video"))


def _binary(head: bytes) -> str | None:
    name = next((name for name, signature in _BINARY.items() if signature.match(head)), None)
    return _zipped(head) if name == "ZIP" else name


def _zipped(head: bytes) -> str:
    """An office document is a ZIP of files whose names tell which one it is."""
    names = {
        b"word/": "Word (DOCX)",
        b"xl/": "Excel (XLSX)",
        b"ppt/": "PowerPoint (PPTX)",
        b"[Content_Types].xml": "Office (DOCX, XLSX or PPTX)",
    }
    return next((kind for name, kind in names.items() if name in head), "ZIP")


def _tiff(head: bytes) -> str | None:
    """Most raw photos are TIFF files. What their first directory holds tells some of them apart."""
    order = _TIFF.get(head[:4])
    if order is None:
        return None
    tags = _tags(head, order) if order else {}
    make = tags.get(_MAKE, b"").upper()
    if _DNG_VERSION in tags:
        return "DNG raw (TIFF-based)"
    if make.startswith(b"NIKON") and _PARTS in tags:
        return "Nikon NEF raw (TIFF-based)"
    if make.startswith(b"SONY") and (_SONY_DATA in tags or _PARTS in tags):
        return "Sony ARW raw (TIFF-based)"
    if make.startswith((b"PENTAX", b"RICOH")) and _PARTS in tags:
        return "Pentax PEF raw (TIFF-based)"
    return "TIFF"


def _tags(head: bytes, order: str) -> dict[int, bytes]:
    """The tags of the first directory, each with its content as far as that lies in the head."""
    found: dict[int, bytes] = {}
    (offset,) = struct.unpack_from(f"{order}I", head, 4) if len(head) >= 8 else (len(head),)  # noqa: PLR2004 - its own head
    count = int.from_bytes(head[offset : offset + 2], "little" if order == "<" else "big")
    for start in range(offset + 2, min(offset + 2 + 12 * count, len(head) - 11), 12):
        tag, _, size, content = struct.unpack_from(f"{order}HHII", head, start)
        found[tag] = head[content : content + min(size, 32)]
    return found


def _text(head: bytes) -> str | None:
    """SVG and HTML, behind any byte order mark, declarations and comments."""
    for mark in _MARKS:
        if head.startswith(mark):
            head = head[len(mark) :].replace(b"\0", b"")
    offset, is_xml = 0, head.lstrip()[:5] == b"<?xml"
    while skipped := _PROLOGUE.match(head, offset):
        offset = skipped.end()
    if doctype := _DOCTYPE.match(head, offset):
        return {b"svg": "SVG", b"html": "HTML"}.get(doctype[1].lower(), "XML")
    if element := _ELEMENT.match(head, offset):
        return "SVG" if element[1].lower() == b"svg" else "HTML"
    return "XML" if is_xml else None


def _movie(head: bytes) -> str | None:
    """A video whose file does not begin with its type: its boxes do."""
    offset = 0
    while offset + 8 <= len(head):
        size, kind = struct.unpack_from(">I4s", head, offset)
        if kind in {b"moov", b"mdat", b"pnot"} and (size >= 8 or size in {0, 1}):  # noqa: PLR2004 - a box's own head
            return "video (MOV)"
        if kind not in {b"wide", b"free", b"skip"} or size < 8:  # noqa: PLR2004 - as above
            return None
        offset += size
    return None


def _tga(head: bytes) -> str | None:
    """A TGA has no signature; every field of its header has to make sense."""
    if len(head) < _TGA.size:
        return None
    mapped, kind, first, colours, bits, _, _, width, height, depth, flags = _TGA.unpack_from(head)
    if kind not in {1, 2, 3, 9, 10, 11} or depth not in {8, 15, 16, 24, 32} or not width or not height or flags & 0xC0:
        return None
    needs_map = kind in {1, 9}
    map_fits = bits in {15, 16, 24, 32} and colours > 0 if needs_map else not (first or colours or bits)
    return "TGA" if mapped == needs_map and map_fits else None


_TELLS: Final[tuple[Callable[[bytes], str | None], ...]] = (_binary, _tiff, _text, _movie, _tga)
