"""Reads the boxes of a HEIC or AVIF, without decoding a pixel, and hides its metadata from the decoder.

Orientation is a property of the picture in these formats, so nothing of the metadata is needed, and a broken one would
refuse the whole photo.
"""

import struct
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from domain.failures import FailureCode
from workers.errors import PermanentError

MAX_ITEMS: Final = 1_000
"""Of one file, each tile of a picture included: 50 megapixels in tiles of 512 x 512 are 196."""
MAX_BOXES: Final = 20_000
METADATA: Final = frozenset({b"Exif", b"mime"})
HIDDEN: Final = b"skip"
"""A type of item that no decoder knows."""


class Box(Struct, frozen=True):
    """A box, and where its content begins and ends."""

    kind: bytes
    start: int
    end: int


class Boxes:
    """The boxes of one file. Raises PermanentError if there are too many."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = MAX_BOXES

    def inside(self, start: int, end: int) -> Iterator[Box]:
        """The boxes from `start` to `end`, as far as they can be followed."""
        place = start
        while place + 8 <= end:
            self._left -= 1
            if self._left < 0:
                raise PermanentError(FailureCode.IMAGE_TOO_COMPLEX, f"a file of more than {MAX_BOXES} boxes")
            size, kind = struct.unpack_from(">I4s", self._data, place)
            head = 8
            if size == 1 and place + 16 <= end:
                size, head = int.from_bytes(self._data[place + 8 : place + 16], "big"), 16
            size = size or end - place
            if size < head or place + size > end:
                return
            yield Box(kind, place + head, place + size)
            place += size

    def of(self, kind: bytes, start: int, end: int) -> Iterator[Box]:
        """Those of one kind."""
        return (box for box in self.inside(start, end) if box.kind == kind)


def without_metadata(data: bytes) -> bytes:
    """The file whose items of metadata have another type. Raises PermanentError if it has too many items."""
    boxes, hidden, items, references = Boxes(data), bytearray(data), 0, 0
    for meta in boxes.of(b"meta", 0, len(data)):
        for box in boxes.inside(meta.start + 4, meta.end):
            if box.kind == b"iinf":
                for item in _items(boxes, data, box):
                    items += 1
                    place = item.start + (10 if data[item.start] > 2 else 8)  # noqa: PLR2004 - longer ids since then
                    if data[place : place + 4] in METADATA:
                        hidden[place : place + 4] = HIDDEN
            elif box.kind == b"iref":
                references += _references(boxes, data, box)
    if max(items, references) > MAX_ITEMS:
        raise PermanentError(FailureCode.IMAGE_TOO_COMPLEX, f"a file of {items} items with {references} references")
    return bytes(hidden)


def _items(boxes: Boxes, data: bytes, box: Box) -> Iterator[Box]:
    count = 4 if data[box.start : box.start + 1] == b"\0" else 6
    return (item for item in boxes.of(b"infe", box.start + 2 + count, box.end) if item.start + 14 <= item.end)


def _references(boxes: Boxes, data: bytes, box: Box) -> int:
    """How many there are from items to others: a grid has one for each tile."""
    size = 2 if data[box.start : box.start + 1] == b"\0" else 4
    return sum(
        int.from_bytes(data[found.start + size : found.start + size + 2], "big")
        for found in boxes.inside(box.start + 4, box.end)
    )
