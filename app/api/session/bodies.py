"""The body of DELETE /api/session."""

from typing import Literal

from app.api.http.bodies import Body


class EndedSessionBody(Body, frozen=True, kw_only=True):
    """The session is ended: none of its tokens opens anything."""

    ended: Literal[True] = True
