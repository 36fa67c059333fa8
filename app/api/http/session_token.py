"""The session token of a request: the header X-Session-Token, and nothing but that."""

from typing import Annotated, Final

from litestar.params import HeaderParameter

from app.api.http.errors import NOT_OURS, UnauthorizedError
from app.signing.sessions import Session, Sessions

HEADER: Final = "X-Session-Token"

SessionToken = Annotated[
    str | None,
    HeaderParameter(name=HEADER, required=False, description="The session that owns the upload, as POST answered it."),
]


def owner(sessions: Sessions, token: str | None) -> Session:
    """The session that asks. Raises UnauthorizedError, before any database is asked."""
    session = sessions.read(token) if token else None
    if session is None:
        raise UnauthorizedError(NOT_OURS if token else None)
    return session


def renewal(sessions: Sessions, token: str | None) -> dict[str, str]:
    """The header of an answer to a token that is in the second half of its life: a new one of the same session."""
    renewed = sessions.renewed(token.encode("latin-1")) if token else None
    return {HEADER: renewed} if renewed else {}
