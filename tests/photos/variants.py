"""The files that people and cameras really send, derived from the photographs of this folder; broken ones included.

Every function gives the bytes of one file. Nothing is cached: a caller may change what it gets.
"""

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any, Final

from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo
from pillow_heif import register_heif_opener

from tests.photos.profiles import p3_profile

register_heif_opener()

_HERE: Final = Path(__file__).parent

NAMES: Final = ("cat", "coffee", "rocket")
SECRET: Final = "SECRET-OF-THE-PHOTOGRAPHER"
"""A text that every piece of metadata carries, so that it can be looked for in what comes out."""
CORNERS: Final = {"top left": (230, 30, 30), "top right": (30, 180, 30), "bottom left": (30, 30, 220)}
"""The colours of the corners of `corners()`, seen upright; the fourth one is white."""


def photo(name: str = "coffee") -> bytes:
    """One of the photographs, as shipped."""
    return (_HERE / f"{name}.jpg").read_bytes()


def picture(name: str = "coffee") -> Image.Image:
    """One of the photographs, decoded."""
    return Image.open(_HERE / f"{name}.jpg").convert("RGB")


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:  # noqa: ANN401 - they are Pillow's
    """The picture as a file."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def heic(name: str = "coffee") -> bytes:
    """One of the photographs, as an iPhone keeps it."""
    return encoded(picture(name), "HEIF")


def stream(data: bytes) -> io.BytesIO:
    """The bytes as a file."""
    return io.BytesIO(data)


def stamp() -> bytes:
    """A small photo, of which there are no two."""
    return encoded(Image.frombytes("RGB", (8, 8), os.urandom(192)).resize((96, 64)))


def twelve_megapixels() -> bytes:
    """A photo as a phone takes it: 4000 x 3000."""
    return encoded(picture().resize((4000, 3000)), quality=80)


def corners() -> Image.Image:
    """A landscape picture whose corners can be told apart."""
    image = Image.new("RGB", (320, 200), "white")
    image.paste(CORNERS["top left"], (0, 0, 160, 100))
    image.paste(CORNERS["top right"], (160, 0, 320, 100))
    image.paste(CORNERS["bottom left"], (0, 100, 160, 200))
    return image


def oriented(orientation: int, kind: str = "JPEG") -> bytes:
    """`corners()`, held by the camera in one of the eight ways of EXIF, and tagged so."""
    undone = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = corners()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    held = image.transpose(undone[orientation]) if orientation in undone else image
    # As bytes, of which HEIC's encoder makes irot and imir: in a HEIC they alone count.
    return encoded(held, kind, exif=exif.tobytes(), quality=95)


def with_metadata(kind: str = "JPEG") -> bytes:
    """A photo that tells who took it, where, and with what."""
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = SECRET
    exif[ExifTags.Base.Make] = SECRET
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLatitude: (59.0, 54.0, 50.0)}
    )
    options: dict[str, Any] = {"exif": exif, "icc_profile": p3_profile(SECRET)}
    match kind:
        case "JPEG":
            options |= {"comment": SECRET.encode(), "xmp": f"<x:xmpmeta>{SECRET}</x:xmpmeta>".encode()}
            iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + SECRET.encode()
            return _with_jpeg_segment(encoded(picture(), kind, **options), 0xED, iptc)
        case "PNG":
            text = PngInfo()
            text.add_text("Author", SECRET)
            return encoded(picture(), kind, pnginfo=text, **options)
        case _:
            return encoded(picture(), kind, xmp=f"<x:xmpmeta>{SECRET}</x:xmpmeta>".encode(), **options)


def cmyk() -> bytes:
    """A JPEG from prepress, with Adobe's inverted inks."""
    return encoded(picture().convert("CMYK"), quality=95)


def sixteen_bit_grey() -> bytes:
    """A PNG of 16 bits whose brightness rises from left to right."""
    row = b"".join(struct.pack(">H", x * 257) for x in range(256))
    return png(256, 64, zlib.compress((b"\0" + row) * 64), depth=16, colour=0)


def sixteen_bit_colour(colour: tuple[int, int, int]) -> bytes:
    """A PNG of 16 bits a channel in one colour, given in 8 bits."""
    row = struct.pack(">3H", *(value * 257 for value in colour)) * 64
    return png(64, 64, zlib.compress((b"\0" + row) * 64), depth=16, colour=2)


def palette(kind: str = "PNG") -> bytes:
    """A photo reduced to 64 colours."""
    return encoded(picture().quantize(64), kind)


def half_transparent(mode: str = "RGBA", kind: str = "PNG") -> bytes:
    """A black picture, its left half opaque, its right half not there at all."""
    image = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 100, 100))
    return encoded(image.convert(mode), kind, **({"lossless": True} if kind == "WEBP" else {}))


def wide_gamut(colour: tuple[int, int, int]) -> bytes:
    """A PNG in one colour whose profile has the primaries of Display P3 and a gamma of 2.2."""
    return encoded(Image.new("RGB", (64, 64), colour), "PNG", icc_profile=p3_profile("P3"))


def mpo() -> bytes:
    """Two pictures in one JPEG, as phones and stereo cameras write them; the first one is `corners()`."""
    return encoded(corners(), "MPO", save_all=True, append_images=[picture()])


def truncated(kind: str = "JPEG", share: float = 0.6) -> bytes:
    """A photo that breaks off."""
    data = encoded(picture(), kind)
    return data[: int(len(data) * share)]


def animated(kind: str) -> bytes:
    """Two frames."""
    return encoded(picture("cat"), kind, save_all=True, append_images=[picture("rocket").resize((451, 300))])


def bomb(side: int = 30_000) -> bytes:
    """A whole and correct black-and-white PNG of 30,000 x 30,000 pixels, in some hundred kilobytes of zeros' zlib."""
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png(side, side, body, depth=1, colour=0)


def claims(width: int, height: int) -> bytes:
    """A PNG whose header promises that many pixels, in a few dozen bytes."""
    return png(width, height, zlib.compress(b"\0"), depth=8, colour=2)


def canvas_claim_webp() -> bytes:
    """A WebP whose header asks for a canvas of 16,384 x 16,384 pixels and then holds next to nothing."""
    inner = encoded(Image.new("RGB", (1, 1)), "WEBP", lossless=True)[12:]
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16_383).to_bytes(3, "little") * 2
    return b"RIFF" + struct.pack("<I", 4 + len(canvas) + len(inner)) + b"WEBP" + canvas + inner


def very_wide() -> bytes:
    """A JPEG as wide as a JPEG can be said to be: 65,535 pixels."""
    small = encoded(Image.new("RGB", (8, 8)))
    frame = small.index(b"\xff\xc0")
    return small[: frame + 7] + struct.pack(">H", 65_535) + small[frame + 9 :]


def png(width: int, height: int, body: bytes, *, depth: int, colour: int) -> bytes:
    """A PNG made by hand, of a compressed body."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _with_jpeg_segment(data: bytes, marker: int, body: bytes) -> bytes:
    return data[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + data[2:]
