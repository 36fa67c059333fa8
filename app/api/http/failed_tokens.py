"""Counts the session tokens of a client that we did not sign, for each request that brings one."""

from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope
from prometheus_client import Counter

from app.api.http.addresses import address_of
from app.api.http.errors import UnauthorizedError
from app.api.http.services import Services
from app.limits.networks import networks_of
from projections.log.throttled import ThrottledWarning

HEADER: Final = b"x-session-token"


class FailedTokens:
    """The guard of every route of the framework. There is one in a process: the fast path of polls counts with it."""

    def __init__(self, services: Services) -> None:
        self._sessions = services.sessions
        self._limits = services.limits
        self._trusted_proxies = services.settings.trusted_proxies
        self._warning = ThrottledWarning("api.token_refused")
        self._counter = Counter(
            "darkroom_session_tokens_refused",
            "Requests with a session token that we did not sign.",
            registry=services.registry,
        )

    async def guard(self, connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        """Raise UnauthorizedError for several tokens, whose owner is unclear, and TooManyRequestsError."""
        tokens = _tokens(connection.scope)
        if len(tokens) > 1:
            raise UnauthorizedError
        if tokens and self._sessions.owner(tokens[0]) is None:
            await self.count(connection.scope)

    async def count(self, scope: Scope) -> None:
        """Count a request that was refused, if it brought a token. Raises TooManyRequestsError."""
        if not any(_tokens(scope)):
            return
        address = address_of(scope, self._trusted_proxies)
        self._counter.inc()
        self._warning.warn(f"session tokens that we did not sign, from {networks_of(address)[0]}")
        await self._limits.failed_tokens.spend(address)


def _tokens(scope: Scope) -> list[bytes]:
    return [value for name, value in scope["headers"] if name == HEADER]
