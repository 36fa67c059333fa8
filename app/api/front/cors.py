"""Cross-origin requests: lets the front ends of CORS_ORIGINS use the pollers' endpoints from a browser.

It wraps the whole application, so that every answer carries the headers: a poll of the fast path, a stream, an error of
the framework. Without CORS_ORIGINS there is no wrapper and no cost. Credentials are never allowed: the session token is
a header. Staff endpoints are not reachable from other origins. A mistyped address below /api is: its page should read
the 404, and not be told of a network error.
"""

from collections.abc import Awaitable, Sequence
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from app.api.http.headers import every

PATHS: Final = "/api/"
OF_STAFF: Final = ("/api/support", "/api/analysis")
PREFLIGHT: Final = "preflight"
"""The route of preflights in the metrics."""
METHODS: Final = b"GET, HEAD, POST, DELETE"
REQUEST_HEADERS: Final = (
    b"Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Prefer, X-Request-ID, X-Session-Token"
)
EXPOSED_HEADERS: Final = (
    b"ETag, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID, X-Session-Token"
)
RESOURCE_POLICY: Final = b"cross-origin-resource-policy"
MAX_AGE_SECONDS: Final = b"7200"
"""How long a browser remembers a preflight; Chromium remembers no longer."""
VARY: Final = b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


def with_cors(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """The application, usable from pages of these origins."""
    if not origins:
        return app
    allowed = frozenset(origin.encode() for origin in origins)

    async def cross_origin(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not _is_for_pages(scope["path"]):
            await app(scope, receive, send)
            return
        asked = dict(scope["headers"])
        origin = asked.get(b"origin", b"")
        if origin in allowed and scope["method"] == "OPTIONS" and b"access-control-request-method" in asked:
            scope["path_template"] = PREFLIGHT
            await _answer_preflight(scope, send, origin)
            return

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                kept = (header for header in message.get("headers", ()) if header[0].lower() != RESOURCE_POLICY)
                message["headers"] = [*kept, *_headers(origin, allowed)]
            return send(message)

        await app(scope, receive, send_with_headers)

    return cross_origin


def _is_for_pages(path: str) -> bool:
    return f"{path}/".startswith(PATHS) and not path.startswith(OF_STAFF)


def _headers(origin: bytes, allowed: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    # Also without an Origin: a cache must not give an answer without these headers to a page that needs them.
    # A preview is an image element of theirs, which sends no Origin; its signed link is what protects it.
    headers = [(b"vary", b"Origin"), (RESOURCE_POLICY, b"cross-origin")]
    if origin in allowed:
        headers += [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", EXPOSED_HEADERS)]
    return headers


async def _answer_preflight(scope: HTTPScope, send: Send, origin: bytes) -> None:
    headers = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", METHODS),
        (b"access-control-allow-headers", REQUEST_HEADERS),
        (b"access-control-max-age", MAX_AGE_SECONDS),
        (b"vary", VARY),
        *every(scope),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
