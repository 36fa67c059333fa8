"""Reads the markers of a JPEG, without decoding a pixel: its kind, its scans and its end."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from domain.failures import FailureCode
from workers.errors import PermanentError
from workers.imaging.jobs import Unsupported
from workers.imaging.jpeg_header import BEHIND_PIXELS, FRAMES, HIERARCHY, JPEG_LS, SCAN

END: Final = b"\xff\xd9"
DECODED: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
"""Baseline, extended and progressive, with Huffman or arithmetic coding. No lossless and no hierarchical one."""
LOSSLESS: Final = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
ARITHMETIC: Final = frozenset({0xC9, 0xCA})
ARITHMETIC_WEIGHT: Final = 10
"""Its decoder works for each coefficient, whether or not there is data."""
PROGRESSIVE: Final = frozenset({0xC2, 0xCA})
COMPONENTS: Final = frozenset({1, 3, 4})
BITS: Final = 8
RESTART_INTERVAL: Final = 0xDD
RESTART: Final = re.compile(rb"\xff[\xd0-\xd7]")
COEFFICIENTS: Final = 64
ALL: Final = frozenset(range(COEFFICIENTS))
MAX_SCANS: Final = 1_000
"""Encoders write up to 64. Behind them nothing is decoded."""
MAX_MARKERS: Final = 100_000
"""A damaged photo of 20 MB has some 80,000 that are none."""
Component = tuple[int, int]
"""Its id, and how many before it have the same: a scan means the first of them that it has not named yet."""


class JpegStructure(Struct):
    """What the markers tell. `end` is the offset behind the end marker, None without one."""

    frame: int | None = None
    precision: int = 0
    height: int | None = None
    width: int = 0
    components: dict[Component, tuple[int, int]] = {}
    """The horizontal and the vertical sampling factor of each."""
    scans: list[tuple[frozenset[Component], int, int, int]] = []
    """Components, first and last coefficient, and the bits that are still to come, of each scan."""
    interval: int = 0
    """MCUs between two restart markers; 0 without such markers."""
    restarts_due: int = 0
    """How many restart markers the newest scan needs."""
    lacks_restarts: bool = False
    """A scan has fewer restart markers than its pixels need. The decoder makes what stood between them grey."""
    end: int | None = None

    @property
    def unsupported(self) -> Unsupported | None:
        """Why we do not decode this kind of JPEG; None if we do."""
        if self.frame is None:
            return None
        if self.frame == JPEG_LS:
            return Unsupported.JPEG_LS
        if self.frame not in DECODED:
            return Unsupported.LOSSLESS_JPEG if self.frame in LOSSLESS else Unsupported.HIERARCHICAL_JPEG
        if self.precision != BITS:
            return Unsupported.DEEP_JPEG
        if self.height == 0:
            return Unsupported.JPEG_WITHOUT_HEIGHT
        return None if len(self.components) in COMPONENTS else Unsupported.JPEG_OF_OTHER_CHANNELS

    @property
    def scans_are_complete(self) -> bool:
        """Whether the scans that have begun bring every coefficient of every component to its last bit."""
        is_progressive = self.frame in PROGRESSIVE
        complete: dict[Component, set[int]] = {component: set() for component in self.components}
        for components, first, last, bits_left in self.scans:
            # In another frame a scan has all of its components; the decoder passes over what it says else.
            if bits_left == 0 or not is_progressive:
                for component in components & self.components.keys():
                    complete[component] |= set(range(first, last + 1)) if is_progressive else ALL
        return bool(complete) and all(found >= ALL for found in complete.values())

    @property
    def block_visits(self) -> int:
        """How often the decoder comes to a block of 8 x 8 coefficients, in all scans; arithmetic coding counts more."""
        widest = max((across for across, _ in self.components.values()), default=1) or 1
        highest = max((down for _, down in self.components.values()), default=1) or 1
        blocks = {
            name: _blocks(self.width * across, widest) * _blocks((self.height or 0) * down, highest)
            for name, (across, down) in self.components.items()
        }
        visits = sum(blocks.get(name, 0) for components, _, _, _ in self.scans for name in components)
        return visits * ARITHMETIC_WEIGHT if self.frame in ARITHMETIC else visits

    def restarts_of(self, components: frozenset[Component]) -> int:
        """How many restart markers a scan of these components needs."""
        if not self.interval:
            return 0
        widest = max((across for across, _ in self.components.values()), default=1) or 1
        highest = max((down for _, down in self.components.values()), default=1) or 1
        # The units of a scan of one component are its own blocks.
        across, down = self.components.get(min(components), (1, 1)) if len(components) == 1 else (1, 1)
        units = _blocks(self.width * across, widest) * _blocks((self.height or 0) * down, highest)
        return -(-units // self.interval) - 1


def _blocks(samples: int, share: int) -> int:
    return -(-samples // (8 * share))


def structure_of(data: bytes) -> JpegStructure:
    """The structure of the first picture in the file, as far as its markers can be followed.

    Raises PermanentError if there are too many scans or markers.
    """
    found = JpegStructure(scans=[])
    offset, restarts = 2, 0
    for _ in range(MAX_MARKERS):
        marker = BEHIND_PIXELS.search(data, offset)
        pixels_end = len(data) if marker is None else marker.start()
        restarts += sum(1 for _ in RESTART.finditer(data, offset, pixels_end))
        if marker is None or data[marker.start() + 1] == END[1]:
            found.lacks_restarts |= restarts < found.restarts_due
            found.end = marker and marker.end()
            return found
        code, offset = data[marker.start() + 1], marker.end()
        if len(found.scans) > MAX_SCANS:
            raise PermanentError(FailureCode.IMAGE_TOO_COMPLEX, f"a JPEG of more than {MAX_SCANS} scans")
        if code in {0x01, 0xD8}:
            continue
        if code == SCAN:
            found.lacks_restarts |= restarts < found.restarts_due
            restarts = 0
        length = int.from_bytes(data[offset : offset + 2], "big")
        _note(found, code, data[offset + 2 : offset + max(length, 2)])
        offset += max(length, 2)
    # The decoder would read on, also further scans.
    raise PermanentError(FailureCode.IMAGE_TOO_COMPLEX, f"a JPEG of more than {MAX_MARKERS} markers")


def _note(found: JpegStructure, code: int, body: bytes) -> None:
    try:
        if code == HIERARCHY:
            found.frame = code
        elif (code in FRAMES or code == JPEG_LS) and found.frame is None:
            found.frame, found.precision = code, body[0]
            found.height, found.width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
            names = _components(body[6 + 3 * number] for number in range(body[5]))
            factors = [body[7 + 3 * number] for number in range(body[5])]
            found.components = {name: (factor >> 4, factor & 0x0F) for name, factor in zip(names, factors, strict=True)}
        elif code == RESTART_INTERVAL:
            found.interval = int.from_bytes(body[:2], "big")
        elif code == SCAN:
            count = body[0]
            components = frozenset(_components(body[1 + 2 * number] for number in range(count)))
            first, last, bits = body[1 + 2 * count : 4 + 2 * count]
            found.scans.append((components, first, min(last, COEFFICIENTS - 1), bits & 0x0F))
            found.restarts_due = found.restarts_of(components)
    except (IndexError, ValueError):
        return  # a marker that is cut; the decoder has the last word


def _components(ids: Iterable[int]) -> list[Component]:
    seen: Counter[int] = Counter()
    found = []
    for name in ids:
        found.append((name, seen[name]))
        seen[name] += 1
    return found
