"""The session token of a request: the header X-Session-Token, and nothing but that."""

from typing import Annotated, Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
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


def refuse_several_tokens(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Raise UnauthorizedError for a request with more than one: its owner is unclear."""
    if len(connection.headers.getall("x-session-token", [])) > 1:
        raise UnauthorizedError
