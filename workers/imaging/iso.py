"""Reads the boxes of a HEIC or AVIF, without decoding a pixel: hides its metadata, and adds up what it asks to decode.

Orientation is a property of the picture in these formats, so nothing of the metadata is needed, and a broken one would
refuse the whole photo. A picture may be a grid of others, each of which is decoded as often as it is named: a file of
1.5 KB can ask for 200 tiles of 16 megapixels.
"""

import struct
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from domain.failures import FailureCode
from workers.errors import PermanentError

MAX_ENTRIES: Final = 50_000
"""Boxes, references and properties of items; 1,000 tiles need some 6,000."""
MAX_TILES: Final = 2_000
"""50 megapixels in tiles of 512 x 512 are 196; as many again have the transparency and the gain map."""
MAX_DEPTH: Final = 8
"""How deep pictures may be made of other pictures."""
LAYERS: Final = 2
"""The picture, and its transparency."""
TILE_MARGIN: Final = 1.25
"""Tiles reach over the edges."""
METADATA: Final = frozenset({b"Exif", b"mime"})
HIDDEN: Final = b"skip"
"""A type of item that no decoder knows."""


class Box(Struct, frozen=True):
    """A box, and where its content begins and ends."""

    kind: bytes
    start: int
    end: int


class IsoFile:
    """What the boxes of one file tell. Raises PermanentError if there are too many."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = MAX_ENTRIES
        self._known: dict[int, tuple[int, int]] = {}
        self.primary = 0
        self.metadata: list[int] = []
        """Where the types of the items of metadata stand."""
        self._areas: list[int] = []
        self._pixels: dict[int, int] = {}
        self._parts: dict[int, list[int]] = {}
        self._layers: dict[int, list[int]] = {}
        for meta in self._of(b"meta", 0, len(data)):
            for box in self._inside(meta.start + 4, meta.end):
                self._note(box)

    @property
    def area(self) -> int:
        """The pixels of the whole picture."""
        return self._pixels.get(self.primary, 0)

    def pixels(self, item: int | None = None, depth: int = 0) -> tuple[int, int]:
        """Pixels and pictures to decode for an item, each as often as it is asked for; the primary one's by default."""
        item = self.primary if item is None else item
        if item in self._known:
            return self._known[item]
        if depth > MAX_DEPTH:
            raise PermanentError(FailureCode.IMAGE_TOO_COMPLEX, f"pictures made of others, {MAX_DEPTH} times over")
        named = (*self._parts.get(item, ()), *self._layers.get(item, ()))
        pixels, tiles = (0 if item in self._parts else self._pixels.get(item, 0)), 1
        for part in named:
            further = self.pixels(part, depth + 1)
            pixels, tiles = pixels + further[0], tiles + further[1]
        self._known[item] = pixels, tiles
        return pixels, tiles

    def _note(self, box: Box) -> None:
        match box.kind:
            case b"pitm":
                self.primary = self._number(box.start + 4, self._id_bytes(box))
            case b"iinf":
                self._note_items(box)
            case b"iref":
                self._note_references(box)
            case b"iprp":
                for inner in self._inside(box.start, box.end):
                    self._note_properties(inner)

    def _note_items(self, box: Box) -> None:
        for item in self._of(b"infe", box.start + (6 if self._version(box) == 0 else 8), box.end):
            kind = item.start + (8 if self._version(item) <= 2 else 10)  # noqa: PLR2004 - longer ids since then
            if self._data[kind : kind + 4] in METADATA:
                self.metadata.append(kind)

    def _note_references(self, box: Box) -> None:
        size = self._id_bytes(box)
        for found in self._inside(box.start + 4, box.end):
            origin, count = self._number(found.start, size), self._number(found.start + size, 2)
            self._spend(count)
            start = found.start + size + 2
            ends = [self._number(offset, size) for offset in range(start, min(start + count * size, found.end), size)]
            if found.kind == b"dimg":
                self._parts.setdefault(origin, []).extend(ends)
            elif found.kind == b"auxl":
                for end in ends:
                    self._layers.setdefault(end, []).append(origin)

    def _note_properties(self, box: Box) -> None:
        if box.kind == b"ipco":
            self._areas = [
                self._number(found.start + 4, 4) * self._number(found.start + 8, 4) if found.kind == b"ispe" else 0
                for found in self._inside(box.start, box.end)
            ]
        elif box.kind == b"ipma":
            self._note_associations(box)

    def _note_associations(self, box: Box) -> None:
        size, width = self._id_bytes(box), 2 if self._data[box.start + 3 : box.start + 4] == b"\1" else 1
        offset = box.start + 8
        while offset < box.end:
            item, count = self._number(offset, size), self._number(offset + size, 1)
            self._spend(1 + count)
            offset += size + 1
            for start in range(offset, offset + count * width, width):
                index = self._number(start, width) & (0x7FFF if width == 2 else 0x7F)  # noqa: PLR2004 - all bits but the first
                if 0 < index <= len(self._areas):
                    self._pixels[item] = max(self._pixels.get(item, 0), self._areas[index - 1])
            offset += count * width

    def _id_bytes(self, box: Box) -> int:
        return 4 if self._version(box) else 2

    def _version(self, box: Box) -> int:
        return self._number(box.start, 1)

    def _number(self, offset: int, size: int) -> int:
        return int.from_bytes(self._data[offset : offset + size], "big")

    def _of(self, kind: bytes, start: int, end: int) -> Iterator[Box]:
        return (box for box in self._inside(start, end) if box.kind == kind)

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise PermanentError(
                FailureCode.IMAGE_TOO_COMPLEX, f"a file of more than {MAX_ENTRIES} boxes and references"
            )

    def _inside(self, start: int, end: int) -> Iterator[Box]:
        """The boxes from `start` to `end`, as far as they can be followed."""
        offset = start
        while offset + 8 <= end:
            self._spend(1)
            size, kind = struct.unpack_from(">I4s", self._data, offset)
            head = 8
            if size == 1 and offset + 16 <= end:
                size, head = self._number(offset + 8, 8), 16
            size = size or end - offset
            if size < head or offset + size > end:
                return
            yield Box(kind, offset + head, offset + size)
            offset += size


def mended(data: bytes, max_pixels: int) -> bytes:
    """The file whose items of metadata have another type.

    Raises PermanentError if it is too large, or asks to decode too much.
    """
    file = IsoFile(data)
    pixels, tiles = file.pixels()
    if file.area > max_pixels:
        raise PermanentError(FailureCode.IMAGE_TOO_LARGE, f"{file.area} pixels")
    if pixels > max_pixels * LAYERS * TILE_MARGIN or tiles > MAX_TILES:
        raise PermanentError(FailureCode.IMAGE_TOO_COMPLEX, f"a file that asks for {pixels} pixels in {tiles} pictures")
    hidden = bytearray(data)
    for offset in file.metadata:
        hidden[offset : offset + 4] = HIDDEN
    return bytes(hidden)
