"""The body of a request of staff: JSON, with the reason of an action.

The media type is demanded, because a browser sends it to another origin only after a preflight, which is not answered:
so no page of a stranger can act for a person whom a proxy has signed in.
"""

from collections.abc import Collection
from typing import Any, Final

import msgspec
from litestar import Request

from app.api.http.encodings import refuse_encoding
from app.api.http.errors import MalformedError
from domain.staff import checked_reason

JSON: Final = "application/json"
MAX_BYTES: Final = 16_384


async def words_of(request: Request[Any, Any, Any], field: str) -> str:
    """The reason or the note that a request gives, and nothing else.

    Raises MalformedError, UnsupportedMediaTypeError, ReasonError.
    """
    return checked_reason((await fields_of(request, {field})).get(field), field)


async def fields_of(request: Request[Any, Any, Any], known: Collection[str]) -> dict[str, Any]:
    """The fields of a body; none of an empty one. Raises MalformedError, UnsupportedMediaTypeError."""
    refuse_encoding(request)
    body = await _read(request)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise MalformedError(
            f"The body has the media type {media_type[:60]!r}. Send it as {JSON}, {{}} if it is empty."
        )
    return fields_in(body, known) if body.strip() else {}


def fields_in(body: bytes, known: Collection[str]) -> dict[str, Any]:
    """The fields in a body that is JSON. Raises MalformedError."""
    try:
        given = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        example = ", ".join(f'"{name}": "..."' for name in sorted(known))
        raise MalformedError(f"The body is no JSON object such as {{{example}}}: {error}.") from None
    if unknown := given.keys() - set(known):
        raise MalformedError(
            f"There is no field {min(unknown)[:40]!r}. The body takes {', '.join(sorted(known)) or 'none'}."
        )
    return given


async def _read(request: Request[Any, Any, Any]) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise MalformedError(f"The body has more than {MAX_BYTES} bytes. A reason is one sentence.")
    return bytes(body)
