"""The routes of /api/support: those of its rooms."""

from litestar.handlers import HTTPRouteHandler

from app.api.http.services import Services
from app.api.support.actions.routes import action_routes
from app.api.support.bulk.routes import bulk_routes
from app.api.support.failures.routes import failure_routes
from app.api.support.people.routes import people_routes
from app.api.support.pictures.routes import picture_routes
from app.api.support.requests.desk import Desk
from app.api.support.searching.routes import searching_routes
from app.api.support.signing_in.routes import signing_in_routes
from app.api.support.timeline.routes import timeline_routes


def support_routes(services: Services, desk: Desk) -> list[HTTPRouteHandler]:
    """The handlers of /api/support. A new room adds a line."""
    return [
        *signing_in_routes(services, desk),
        *people_routes(services, desk),
        *searching_routes(services, desk),
        *timeline_routes(services, desk),
        *action_routes(services, desk),
        *failure_routes(services, desk),
        *bulk_routes(services, desk),
        *picture_routes(services, desk),
    ]
