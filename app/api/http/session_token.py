"""The session token of a request: the header X-Session-Token, and nothing but that."""

from typing import Annotated

from litestar.params import HeaderParameter

from app.api.http.errors import UnauthorizedError
from app.signing.sessions import Session, Sessions

SessionToken = Annotated[
    str | None,
    HeaderParameter(
        name="X-Session-Token", required=False, description="The session that owns the upload, as POST answered it."
    ),
]


def owner(sessions: Sessions, token: str | None) -> Session:
    """The session that asks. Raises UnauthorizedError, before any database is asked."""
    session = sessions.read(token) if token else None
    if session is None:
        raise UnauthorizedError
    return session
