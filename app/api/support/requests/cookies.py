"""The cookie of a session of the console, and the CSRF token, which proves that a page of ours asks.

The cookie is HttpOnly and SameSite=Strict, and Secure where the request came over TLS. Its name then begins with
`__Host-`: no other host of the domain can set it. The CSRF token is derived from the cookie, so both end together.
"""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any, Final

from litestar import Request
from litestar.datastructures import Cookie
from litestar.types import Scope

from app.api.http.addresses import comes_from
from app.api.http.errors import ForbiddenError
from app.settings.environment import Settings

NAME: Final = "darkroom-staff"
SECURE_NAME: Final = f"__Host-{NAME}"
CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_SALT: Final = "darkroom.csrf:"
SAFE_METHODS: Final = {"GET", "HEAD"}


class SessionCookie:
    """Reads the cookie of a request, and makes the one of an answer."""

    def __init__(self, settings: Settings) -> None:
        self._is_always_secure = (settings.public_url or "").startswith("https://")
        self._trusted = settings.trusted_proxies

    def read(self, request: Request[Any, Any, Any]) -> str | None:
        """The secret of the session."""
        return request.cookies.get(self._name(request.scope)) or None

    def begun(self, request: Request[Any, Any, Any], secret: str, seconds: int) -> Cookie:
        """The cookie that keeps the secret for so long."""
        return Cookie(
            key=self._name(request.scope),
            value=secret,
            max_age=seconds,
            path="/",
            secure=self._is_secure(request.scope),
            httponly=True,
            samesite="strict",
        )

    def ended(self, request: Request[Any, Any, Any]) -> Cookie:
        """The cookie that takes the place of one that is over."""
        return self.begun(request, "", 0)

    def _name(self, scope: Scope) -> str:
        return SECURE_NAME if self._is_secure(scope) else NAME

    def _is_secure(self, scope: Scope) -> bool:
        if self._is_always_secure or scope.get("scheme") == "https":
            return True
        # What a proxy says of the connection to it is believed as its X-Forwarded-For is.
        said = dict(scope["headers"]).get(b"x-forwarded-proto", b"")
        return said.strip().lower() == b"https" and comes_from(scope, self._trusted)


def csrf_token_of(secret: str) -> str:
    """The CSRF token of a session."""
    return urlsafe_b64encode(sha256(f"{CSRF_SALT}{secret}".encode()).digest()).decode().rstrip("=")


def check_csrf_token(request: Request[Any, Any, Any], secret: str) -> None:
    """Raise ForbiddenError for a change without the CSRF token of its session."""
    if request.method in SAFE_METHODS:
        return
    sent = request.headers.getall(CSRF_HEADER, [])
    if len(sent) != 1 or not hmac.compare_digest(sent[0].encode(), csrf_token_of(secret).encode()):
        raise ForbiddenError(
            f"With a cookie, a change needs the header {CSRF_HEADER} with the csrfToken of GET /api/support/session. "
            "Load the console again."
        )
