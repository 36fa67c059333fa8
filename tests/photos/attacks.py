"""Small files that ask a decoder for much: scans without data, tiles that are named many times, floods of chunks."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.photos import variants


def many_scans(width: int, height: int, scans: int) -> bytes:
    """A grey progressive JPEG with that many further scans, which change no coefficient."""
    photo = variants.encoded(Image.new("L", (width, height), 128), progressive=True)[:-2]
    # A Huffman table of two codes: 0 for a run of blocks that end here, 10 for a single one.
    table = b"\xff\xc4" + struct.pack(">HB", 21, 0x10) + bytes([1, 1, *[0] * 14, 0xE0, 0x00])
    blocks, codes = -(-width // 8) * -(-height // 8), ""
    while blocks >= 2**14:
        run = min(blocks, 2**15 - 1)
        codes += f"0{run - 2**14:014b}"
        blocks -= run
    codes += "10" * blocks
    codes += "1" * (-len(codes) % 8)
    body = int(codes, 2).to_bytes(len(codes) // 8).replace(b"\xff", b"\xff\0")
    scan = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 1, 63, 0) + body
    return photo + table + scan * scans + b"\xff\xd9"


def scans_behind_markers(markers: int, scans: int) -> bytes:
    """The same of 8000 x 6000 pixels, with that many empty tables before its further scans."""
    photo = many_scans(8000, 6000, scans)
    first = photo.index(b"\xff\xc4" + struct.pack(">HB", 21, 0x10))
    return photo[:first] + b"\xff\xc4\0\2" * markers + photo[first:]


def scans_of_one_name(scans: int) -> bytes:
    """A JPEG of 8000 x 6000 pixels whose first component has the id of a second, smaller one."""
    photo = many_scans(8000, 6000, scans)
    frame = photo.index(b"\xff\xc2")
    components = b"".join(bytes([name, factors, 0]) for name, factors in ((1, 0x44), (1, 0x11), (2, 0x44), (3, 0x11)))
    return photo[:frame] + b"\xff\xc2" + struct.pack(">HBHHB", 20, 8, 6000, 8000, 4) + components + photo[frame + 13 :]


def many_segments(count: int) -> bytes:
    """A JPEG with that many empty comments."""
    photo = variants.photo()
    return photo[:2] + b"\xff\xfe\0\2" * count + photo[2:]


def with_exif_segments(photo: bytes, count: int) -> bytes:
    """The JPEG with that many further segments of Exif, of 4 KB each."""
    table = photo.index(b"\xff\xdb")
    return (
        photo[:table]
        + (b"\xff\xe1" + struct.pack(">H", 4_002) + b"Exif\0\0".ljust(4_000, b"\0")) * count
        + photo[table:]
    )


def in_the_header(garbage: bytes) -> bytes:
    """A JPEG with garbage before its tables."""
    photo = variants.photo()
    tables = photo.index(b"\xff\xdb")
    return photo[:tables] + garbage + photo[tables:]


def many_chunks(count: int) -> bytes:
    """A PNG whose pixels come a byte at a time, behind that many empty texts."""
    photo = variants.png(8, 8, b"", depth=8, colour=0)
    packed = zlib.compress(bytes(72))
    pixels = b"".join(_chunk(b"IDAT", packed[offset : offset + 1]) for offset in range(len(packed)))
    return photo[:33] + _chunk(b"tEXt", b"") * count + pixels + _chunk(b"IEND", b"")


def many_webp_chunks(count: int) -> bytes:
    """A WebP with that many empty chunks of no known kind."""
    photo = variants.encoded(variants.corners(), "WEBP")
    return photo[:12] + b"junk\0\0\0\0" * count + photo[12:]


def heic_grid(tile: int, rows: int, columns: int, size: tuple[int, int], *, claimed: int | None = None) -> bytes:
    """A HEIC of one square tile that is named for every place of a grid, and that may lie about the tile's side."""
    source = variants.encoded(Image.new("RGB", (tile, tile), (90, 120, 50)), "HEIF")
    (config,) = (source[start - 8 : end] for kind, start, end in _boxes(source) if kind == b"hvcC")
    (pixels,) = (source[start:end] for kind, start, end in _boxes(source) if kind == b"mdat")
    layout = struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, *size)
    sides = (claimed or tile, claimed or tile)
    properties = _box(b"ipco", config, _full(b"ispe", ">II", *sides), _full(b"ispe", ">II", *size))
    associations = _full(b"ipma", ">IHBBBHBB", 2, 1, 2, 0x81, 0x02, 2, 1, 0x03)
    items = [_full(b"infe", ">HH4sx", 1, 0, b"hvc1", version=2), _full(b"infe", ">HH4sx", 2, 0, b"grid", version=2)]
    names = _box(b"dimg", struct.pack(">HH", 2, rows * columns) + b"\0\1" * (rows * columns))

    def meta(start: int) -> bytes:
        offsets = (1, 0, 1, start, len(pixels), 2, 0, 1, start + len(pixels), len(layout))
        return _full(
            b"meta",
            "",
            content=_full(b"hdlr", ">4x4s13x", b"pict")
            + _full(b"pitm", ">H", 2)
            + _full(b"iloc", ">BBHHHHIIHHHII", 0x44, 0, 2, *offsets)
            + _full(b"iinf", ">H", 2, content=b"".join(items))
            + _full(b"iref", "", content=names)
            + _box(b"iprp", properties, associations),
        )

    head = _box(b"ftyp", b"heic\0\0\0\0mif1heic")
    return head + meta(len(head) + len(meta(0)) + 8) + _box(b"mdat", pixels, layout)


def heic_of_itself(items: int) -> bytes:
    """A HEIC in which every picture is made of all of them."""
    everyone = struct.pack(f">{items}H", *range(1, items + 1))
    made_of = b"".join(_box(b"dimg", struct.pack(">HH", item, items) + everyone) for item in range(1, items + 1))
    head = _box(b"ftyp", b"heic\0\0\0\0mif1heic")
    return head + _full(b"meta", "", content=_full(b"pitm", ">H", 1) + _full(b"iref", "", content=made_of))


def _boxes(data: bytes, offset: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each box at any depth, and where its content begins and ends."""
    end = len(data) if end is None else end
    while offset + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, offset)
        yield kind, offset + 8, offset + size
        if kind in {b"meta", b"iprp", b"ipco"}:
            yield from _boxes(data, offset + (12 if kind == b"meta" else 8), offset + size)
        offset += size


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + kind + content


def _full(kind: bytes, form: str, *fields: int | bytes, version: int = 0, content: bytes = b"") -> bytes:
    return _box(kind, bytes([version, 0, 0, 0]), struct.pack(form, *fields), content)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
