"""The body of an action: the reason, as JSON.

The media type is demanded, because a browser sends it to another origin only after a preflight, which is not answered:
so no page of a stranger can act for a person whom a proxy has signed in.
"""

from typing import Any, Final

import msgspec
from litestar import Request

from app.api.http.errors import MalformedError
from domain.errors import ReasonError
from domain.staff import checked_reason

JSON: Final = "application/json"
MAX_BYTES: Final = 16_384


async def reason_of(request: Request[Any, Any, Any]) -> str:
    """The reason that a request gives. Raises MalformedError, ReasonError."""
    body = await _read(request)
    if not body.strip():
        raise ReasonError
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise MalformedError(f"The body has the media type {media_type[:60]!r}. Send it as {JSON}.")
    return reason_in(body)


def reason_in(body: bytes) -> str:
    """The reason in a body that is JSON. Raises MalformedError, ReasonError."""
    try:
        given = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedError(f'The body is no JSON object such as {{"reason": "..."}}: {error}.') from None
    if unknown := given.keys() - {"reason"}:
        raise MalformedError(f"An action takes nothing but a reason, and not {min(unknown)[:40]!r}.")
    return checked_reason(given.get("reason"))


async def _read(request: Request[Any, Any, Any]) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise MalformedError(f"The body has more than {MAX_BYTES} bytes. A reason is one sentence.")
    return bytes(body)
