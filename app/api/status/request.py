"""Parses a status request: job id, session token, If-None-Match, Prefer and Last-Event-ID.

Written by hand because the framework's parsing costs more than the poll. The annotated types below document the same
headers in the OpenAPI document.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final
from uuid import UUID

from litestar.params import HeaderParameter
from litestar.types import Scope
from msgspec import Struct

from app.api.http.errors import NOT_OURS, UnauthorizedError
from app.api.http.job_id import upload_id_of
from app.api.status.answer import NO_TAGS, Tags
from app.signing.sessions import Sessions

LONGEST_WAIT: Final = 30
"""In seconds; a longer `wait` is cut to it."""
PREFERENCES: Final = re.compile(rb'(?:"(?:[^"\\]|\\.?)*"?|[^",])+')
"""Splits Prefer into preferences with their parameters. A comma inside a quoted string does not split."""
WAIT: Final = re.compile(rb'\s*wait\s*=\s*("?)0*([1-9][0-9]*)?\1\s*(?:;.*)?', re.IGNORECASE | re.DOTALL)
LISTS: Final = frozenset({b"if-none-match", b"prefer"})
"""List headers: several lines mean the same as one line joined by commas (RFC 9110)."""
TOKEN: Final = b"x-session-token"

IfNoneMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-None-Match", required=False, description="The ETag of the last answer: 304 if nothing moved."
    ),
]
Prefer = Annotated[
    str | None,
    HeaderParameter(
        name="Prefer",
        required=False,
        description="`wait=N`, with If-None-Match: the answer is held until the upload moves, N seconds at most and"
        " never more than 30.",
    ),
]
LastEventId = Annotated[
    str | None,
    HeaderParameter(
        name="Last-Event-ID",
        required=False,
        description="The id of the last event that was read: it is not told again.",
    ),
]


class StatusRequest(Struct, frozen=True):
    """A session's request for an upload. `read` is what the client has read, `wait` its preference in seconds."""

    upload_id: UUID
    session_hash: str
    read: Tags = NO_TAGS
    wait: int = 0
    renewed: str | None = None  # a new token, for one in the second half of its life


def poll_request(scope: Scope, sessions: Sessions) -> StatusRequest:
    """Parse a poll. Raises UnauthorizedError, checked first, and UploadNotFoundError."""
    headers = _headers(scope)
    session_hash, renewed = _session(headers, sessions)
    upload_id = upload_id_of(scope["path_params"]["jobId"])
    tags = headers.get(b"if-none-match", b"").decode("latin-1")
    read = Tags.of(tags)
    preferred = headers.get(b"prefer")
    # A client without an ETag is answered at once; Preference-Applied tells it that its next poll may be held.
    if preferred and (read.tags or not tags):
        return StatusRequest(upload_id, session_hash, read, _wait(preferred), renewed)
    return StatusRequest(upload_id, session_hash, read, 0, renewed)


def stream_request(scope: Scope, sessions: Sessions) -> StatusRequest:
    """Parse a request for the stream. Raises as `poll_request` does."""
    headers = _headers(scope)
    session_hash, renewed = _session(headers, sessions)
    last = headers.get(b"last-event-id", b"").decode("latin-1")
    upload_id = upload_id_of(scope["path_params"]["jobId"])
    return StatusRequest(upload_id, session_hash, Tags.of(f'"{last}"'), renewed=renewed)


def _headers(scope: Scope) -> Mapping[bytes, bytes]:
    lines = list(scope["headers"])
    headers = dict(lines)
    return headers if len(headers) == len(lines) else _joined(lines)


def _joined(lines: Iterable[tuple[bytes, bytes]]) -> Mapping[bytes, bytes]:
    """The headers of a request that repeats some. Raises UnauthorizedError for two session tokens."""
    headers: dict[bytes, bytes] = {}
    for name, value in lines:
        if name == TOKEN and name in headers:
            raise UnauthorizedError
        headers[name] = headers[name] + b", " + value if name in LISTS and name in headers else value
    return headers


def _wait(preferred: bytes) -> int:
    """The `wait` preference in seconds, 0 without one. Of two, the first counts (RFC 7240)."""
    for preference in PREFERENCES.findall(preferred):
        if wait := WAIT.fullmatch(preference):
            return min(int((wait[2] or b"0")[:3]), LONGEST_WAIT)  # three digits already exceed the limit
    return 0


def _session(headers: Mapping[bytes, bytes], sessions: Sessions) -> tuple[str, str | None]:
    """The hash of the session that asks, and its new token if the one it sent is old. Raises UnauthorizedError."""
    token = headers.get(TOKEN, b"")
    known = sessions.known(token) if token else None
    if known is None:
        raise UnauthorizedError(NOT_OURS if token else None)
    return known.session_hash, sessions.renewed(token) if sessions.is_due(known) else None
