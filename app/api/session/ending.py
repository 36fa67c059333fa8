"""DELETE /api/session: the owner ends a session, with every token of it. Its uploads stay, out of reach."""

from typing import Any

import structlog
from anyio import to_thread
from litestar import Request, Response

from app.api.http.addresses import address_of
from app.api.http.services import Services
from app.api.http.session_token import SessionToken, owner
from app.api.session.bodies import EndedSessionBody
from app.limits.policies import in_text

log = structlog.get_logger(__name__)


class SessionEnding:
    """Ends sessions for their owners."""

    def __init__(self, services: Services) -> None:
        self._sessions = services.sessions
        self._end = services.end_session
        self._limits = services.limits
        self._trusted_proxies = services.settings.trusted_proxies

    async def end(
        self, request: Request[Any, Any, Any], session_token: SessionToken = None
    ) -> Response[EndedSessionBody]:
        """End the session for good: its tokens open nothing from now on. Its uploads are not erased."""
        session = owner(self._sessions, session_token)
        # Each one is a row that stays, so they are limited as uploads are.
        counted = await self._limits.count_upload(address_of(request.scope, self._trusted_proxies), session.hash)
        await to_thread.run_sync(self._end, session.hash)
        log.info("session.ended", session=session.actor)
        return Response(EndedSessionBody(), headers={"Cache-Control": "no-store", **in_text(counted.fields)})
