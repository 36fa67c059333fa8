"""Who asks for the status of which upload, and what they have read of it: a request's path and headers, read by hand.

The framework's own reading costs more than a poll does; what it documents is what is read here.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final
from uuid import UUID

from litestar.params import HeaderParameter
from litestar.types import Scope
from msgspec import Struct

from app.api.http.errors import UnauthorizedError
from app.api.http.job_id import upload_id_of
from app.api.status.answer import NO_TAGS, Tags
from app.signing.sessions import Sessions

LONGEST_WAIT: Final = 30
"""In seconds, whatever a client prefers."""
PREFERENCES: Final = re.compile(rb'(?:"(?:[^"\\]|\\.?)*"?|[^",])+')
"""Each with its parameters. A comma in a quoted string parts none."""
WAIT: Final = re.compile(rb'\s*wait\s*=\s*("?)0*([1-9][0-9]*)?\1\s*(?:;.*)?', re.IGNORECASE | re.DOTALL)
LISTS: Final = frozenset({b"if-none-match", b"prefer"})
"""Headers of several lines that mean the same as one with all of them."""
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


class Asking(Struct, frozen=True):
    """A session asks for an upload. It waits for so many seconds if nothing has moved."""

    upload_id: UUID
    session_hash: str
    read: Tags = NO_TAGS
    wait: int = 0


def polling(scope: Scope, sessions: Sessions) -> Asking:
    """What a poll asks. Raises UnauthorizedError, before anything else is looked at, and UploadNotFoundError."""
    headers = _headers(scope)
    session_hash = _owner(headers, sessions)
    upload_id = upload_id_of(scope["path_params"]["jobId"])
    tags = headers.get(b"if-none-match", b"").decode("latin-1")
    read = Tags.of(tags)
    preferred = headers.get(b"prefer")
    # Whoever has read nothing yet is answered at once all the same, and told by the way that the next may be held.
    if preferred and (read.tags or not tags):
        return Asking(upload_id, session_hash, read, _wait(preferred))
    return Asking(upload_id, session_hash, read)


def following(scope: Scope, sessions: Sessions) -> Asking:
    """What a request for the stream asks. Raises as `polling` does."""
    headers = _headers(scope)
    session_hash = _owner(headers, sessions)
    last = headers.get(b"last-event-id", b"").decode("latin-1")
    return Asking(upload_id_of(scope["path_params"]["jobId"]), session_hash, Tags.of(f'"{last}"'))


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
    """How long the client would rather wait. Of a preference that is there twice the first one counts (RFC 7240)."""
    for preference in PREFERENCES.findall(preferred):
        if wait := WAIT.fullmatch(preference):
            return min(int((wait[2] or b"0")[:3]), LONGEST_WAIT)  # three digits are too many already
    return 0


def _owner(headers: Mapping[bytes, bytes], sessions: Sessions) -> str:
    token = headers.get(TOKEN)
    session_hash = sessions.owner(token) if token else None
    if session_hash is None:
        raise UnauthorizedError
    return session_hash
