"""The application as clients reach it, with everything around it that the settings ask for."""

from litestar.types import ASGIApp

from app.api.front.callers import with_known_callers
from app.api.front.cors import with_cors
from app.api.front.ports import with_operations_on
from app.api.front.spelling import with_one_spelling
from app.api.front.transport import with_hsts
from app.settings.environment import Settings


def wrapped(app: ASGIApp, settings: Settings) -> ASGIApp:
    """The outermost is named last: an answer of an inner one passes it too."""
    public_url = settings.public_url or ""
    app = with_known_callers(app, settings.allowed_hosts, public_url, settings.cors_origins)
    app = with_cors(app, settings.cors_origins)
    app = with_operations_on(app, settings.operations_port)
    return with_one_spelling(with_hsts(app, public_url))
