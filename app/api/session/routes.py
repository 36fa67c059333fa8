"""The route of /api/session."""

from typing import Final

from litestar import delete
from litestar.handlers import HTTPRouteHandler

from app.api.http.errors import UnauthorizedError
from app.api.http.openapi import AskingOperation, answers, errors
from app.api.http.services import Services
from app.api.session.bodies import EndedSessionBody
from app.api.session.ending import SessionEnding
from app.limits.errors import TooManyRequestsError
from domain.errors import UnavailableError

ENDED: Final = answers(EndedSessionBody, "The session is ended.", ended=EndedSessionBody())


def session_routes(services: Services) -> list[HTTPRouteHandler]:
    """The handler of /api/session."""
    return [
        delete(
            "/api/session",
            status_code=200,
            operation_class=AskingOperation,
            responses={200: ENDED, **errors(UnauthorizedError, TooManyRequestsError, UnavailableError)},
        )(SessionEnding(services).end)
    ]
