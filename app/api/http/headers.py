"""The headers of every answer: the restrictions for browsers, and the id of the request.

Answers that granian makes by itself (broken or oversized requests) lack them: it has no hook.
"""

from typing import Final

from litestar.types import Message, Scope

from app.api.http.correlation import request_id

HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"server", b"darkroom"),
)


async def add_headers(message: Message, scope: Scope) -> None:
    """Add what the answer does not say itself."""
    if message["type"] != "http.response.start":
        return
    headers = list(message.get("headers", ()))
    said = {name.lower() for name, _ in headers}
    message["headers"] = [*headers, *(header for header in every(scope) if header[0] not in said)]


def every(scope: Scope) -> tuple[tuple[bytes, bytes], ...]:
    """What an answer to this request carries, unless it says it itself."""
    return (*HEADERS, (b"x-request-id", request_id(scope).encode("ascii")))
