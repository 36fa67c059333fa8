"""Keeps only the parts of a JPEG's header that its pixels need, so that damage elsewhere does not refuse a whole photo.

The header ends with the first scan. Between scans only comments and their kind are dropped.
"""

import re
from collections.abc import Iterator
from typing import Final

from domain.failures import FailureCode
from workers.errors import PermanentError

START: Final = b"\xff\xd8"
PICTURE: Final = START + b"\xff"
HIERARCHY: Final = 0xDE
MAX_SEGMENT_BYTES: Final = 2**16
SCAN: Final = 0xDA
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_LS: Final = 0xF7
EXIF: Final = b"Exif\0\0"
NEEDED: Final = FRAMES | {0xC4, 0xCC, 0xDB, 0xDD, JPEG_LS, HIERARCHY, SCAN}
"""The frame, the tables, the restart interval and the scan."""
OTHERS: Final = frozenset(range(0xE0, 0xF0)) | {0xFE}
"""Application segments and comments."""
MARKER: Final = re.compile(rb"\xff[\xc0-\xcf\xda-\xde\xe0-\xef\xf7\xfe]")
"""The marker of a segment that may stand in a header."""
FILLED_MARKER: Final = re.compile(rb"\xff*" + MARKER.pattern)
"""The same behind fill bytes."""
BEHIND_PIXELS: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The next marker behind coded pixels: stuffed zeros and restarts belong to them."""
PICTURE_OR_MARKER: Final = re.compile(rb"\xff\xd8\xff|" + MARKER.pattern)
MAX_SEGMENTS: Final = 5_000
"""A 20 MB photo of a phone with a depth map in its metadata has 320."""
MAX_SEARCHES: Final = 16
MAX_CANDIDATES: Final = 64
"""Together they bound the search behind segments of a wrong length."""


def mended(data: bytes) -> bytes:
    """The file with what counts of its header; as it is, where no scan can be found. Raises PermanentError."""
    kept: list[bytes] = [START]
    offset, searches, has_frame, has_exif = len(START), 0, False, False
    for _ in range(MAX_SEGMENTS):
        marker = PICTURE_OR_MARKER.search(data, offset)
        if marker is None:
            return data
        if marker[0] == PICTURE:
            searches += 1
            is_searched = searches <= MAX_SEARCHES
            offset = _behind_thumbnail(data, marker.end(), has_frame=has_frame) if is_searched else marker.end() - 1
            continue
        code, body = data[marker.end() - 1], marker.end() + 2
        end, hidden = _end(data, marker.end()), None
        if code == SCAN:
            if _is_scan(data, body, end) and has_frame:
                return b"".join([*kept, *_scans(data, marker.start())])
            offset = marker.end()
            continue
        if not _is_followed(data, end):
            searches += 1
            hidden = _hidden(data, body, end, has_frame=has_frame) if searches <= MAX_SEARCHES else None
            if hidden is None and end > len(data):
                offset = marker.end()
                continue
            end = end if hidden is None else hidden
        # The orientation is in the first one, and Pillow copies all before each further one.
        is_further = has_exif and data.startswith(EXIF, body)
        if (code in NEEDED and hidden is None) or (_is_useful(code, data[body:end]) and not is_further):
            kept += data[marker.start() : marker.end()], (end - marker.end()).to_bytes(2, "big"), data[body:end]
            has_frame = has_frame or code in FRAMES
            has_exif = has_exif or data.startswith(EXIF, body)
        offset = end
    raise PermanentError(FailureCode.IMAGE_TOO_COMPLEX, f"a JPEG of more than {MAX_SEGMENTS} segments")


def _scans(data: bytes, offset: int) -> Iterator[bytes]:
    """The scans, and the tables between them, without other segments; as they are from the end of the picture on.

    A second picture in the same file, behind one without an end marker, is dropped.
    """
    begin, searches = offset, 0
    for _ in range(MAX_SEGMENTS):
        marker = BEHIND_PIXELS.search(data, offset)
        if marker is not None and marker[0] == START:
            yield data[begin : marker.start()]
            return
        if marker is None or marker[0][1] not in NEEDED | OTHERS:
            break
        offset = end = _end(data, marker.end())
        if marker[0][1] in OTHERS:
            if not _is_followed(data, end):
                searches += 1
                hidden = _hidden(data, marker.end() + 2, end, has_frame=True) if searches <= MAX_SEARCHES else None
                offset = hidden if hidden is not None else end if end < len(data) else marker.end()
            yield data[begin : marker.start()]
            begin = offset
    yield data[begin:]


def _is_useful(code: int, body: bytes) -> bool:
    """Whether it tells of colours or of the orientation, and is long enough to be read."""
    match code:
        case 0xE0:
            return body.startswith(b"JFIF\0") and len(body) >= 14  # noqa: PLR2004 - its fixed part
        case 0xE1:
            return body.startswith((EXIF, b"http://ns.adobe.com/xap/1.0/\0"))
        case 0xE2:
            return body.startswith(b"ICC_PROFILE\0") and len(body) > 14  # noqa: PLR2004 - its name and two numbers
        case 0xEE:
            return body.startswith(b"Adobe") and len(body) >= 12  # noqa: PLR2004 - its fixed part
        case _:
            return False


def _is_scan(data: bytes, body: int, end: int) -> bool:
    """Whether the length of a scan's segment is the one for its components; in garbage it is not."""
    return body < len(data) and end - body == 4 + 2 * data[body]


def _behind_thumbnail(data: bytes, offset: int, *, has_frame: bool) -> int:
    """The end of a picture in the header, behind which the header goes on. Without that it is the photo itself."""
    end = data.find(b"\xff\xd9", offset, offset + MAX_SEGMENT_BYTES)
    if end > 0 and _hidden(data, end, end + MAX_SEGMENT_BYTES, has_frame=has_frame) is not None:
        return end
    return offset - 1


def _end(data: bytes, offset: int) -> int:
    return offset + max(int.from_bytes(data[offset : offset + 2], "big"), 2)


def _is_followed(data: bytes, offset: int) -> bool:
    """Whether the next segment begins there."""
    return FILLED_MARKER.match(data, offset) is not None


def _hidden(data: bytes, start: int, end: int, *, has_frame: bool) -> int | None:
    """Where the header goes on inside of a segment whose length is too large. A thumbnail in there is passed over."""
    offset = start
    for _ in range(MAX_CANDIDATES):
        found = PICTURE_OR_MARKER.search(data, offset, min(end + 1, len(data)))
        if found is None:
            return None
        if found[0] == PICTURE:
            after = data.find(b"\xff\xd9", found.end(), found.end() + MAX_SEGMENT_BYTES)
            offset = found.end() if after < 0 else after
        elif _leads_to_scan(data, found.start(), has_frame=has_frame):
            return found.start()
        else:
            offset = found.end()
    return None


def _leads_to_scan(data: bytes, offset: int, *, has_frame: bool) -> bool:
    codes = list(_codes(data, offset))
    return (has_frame or not FRAMES.isdisjoint(codes)) and codes[-1] == SCAN


def _codes(data: bytes, offset: int) -> Iterator[int]:
    """The codes of segments that follow each other without a gap, up to a scan."""
    for _ in range(MAX_CANDIDATES):
        marker = FILLED_MARKER.match(data, offset)
        if marker is None:
            return
        yield data[marker.end() - 1]
        if data[marker.end() - 1] == SCAN:
            return
        offset = _end(data, marker.end())
