"""Who asks for the status of which upload, and what they have read of it: a request's path and headers, read by hand.

The framework's own reading costs more than a poll does; what it documents is what is read here.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from litestar.params import HeaderParameter
from litestar.types import Scope
from msgspec import Struct

from app.api.errors import UnauthorizedError
from app.api.job_id import upload_id_of
from app.api.status_answer import NO_TAGS, Tags
from app.sessions import Sessions

LONGEST_WAIT: Final = 30
"""In seconds, whatever a client prefers."""
WAIT: Final = re.compile(rb'(?:^|[,;])\s*wait\s*=\s*"?([0-9]{1,6})"?\s*(?:$|[,;])', re.IGNORECASE)

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
    headers = dict(scope["headers"])
    session_hash = _owner(headers, sessions)
    upload_id = upload_id_of(scope["path_params"]["jobId"])
    tags = headers.get(b"if-none-match", b"").decode("latin-1")
    read = Tags.of(tags)
    wait = WAIT.search(headers.get(b"prefer", b""))
    # Whoever has read nothing yet is answered at once all the same, and told by the way that the next may be held.
    if wait and (read.places or not tags):
        return Asking(upload_id, session_hash, read, min(int(wait[1]), LONGEST_WAIT))
    return Asking(upload_id, session_hash, read)


def following(scope: Scope, sessions: Sessions) -> Asking:
    """What a request for the stream asks. Raises as `polling` does."""
    headers = dict(scope["headers"])
    session_hash = _owner(headers, sessions)
    last = headers.get(b"last-event-id", b"").decode("latin-1")
    return Asking(upload_id_of(scope["path_params"]["jobId"]), session_hash, Tags.of(f'"{last}"'))


def _owner(headers: Mapping[bytes, bytes], sessions: Sessions) -> str:
    token = headers.get(b"x-session-token")
    session_hash = sessions.owner(token) if token else None
    if session_hash is None:
        raise UnauthorizedError
    return session_hash
