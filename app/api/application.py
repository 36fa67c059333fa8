"""The API: the list of its resources, and what every request passes."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from litestar import Litestar
from litestar.exceptions import NotFoundException

from app.api.analysis.routes import analysis_routes
from app.api.documentation import ConstantsAreRequired, openapi, resource
from app.api.http.correlation import bind_correlation_id
from app.api.http.errors import respond
from app.api.http.head import allow_head
from app.api.http.headers import add_headers
from app.api.http.services import Services
from app.api.operations.routes import operation_routes
from app.api.pages.routes import page_routes
from app.api.pages.wrong_address import respond_not_found
from app.api.results.routes import result_routes
from app.api.session.routes import session_routes
from app.api.status.fast_path import FastPathApi
from app.api.status.poll import StatusPoll
from app.api.status.routes import status_routes
from app.api.support.requests.desk import Desk
from app.api.support.routes import support_routes
from app.api.uploads.routes import upload_routes

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def create_api(services: Services, lifespan: Sequence[Lifespan] = ()) -> Litestar:
    """The API of one process. A new resource adds a line to the route handlers."""
    poll, desk = StatusPoll(services), Desk(services)
    return FastPathApi(
        poll=poll,
        route_handlers=[
            *resource("uploads", upload_routes(services)),
            *resource("status", status_routes(services, poll)),
            *resource("results", result_routes(services)),
            *resource("session", session_routes(services)),
            *resource("support", support_routes(services, desk)),
            *resource("analysis", analysis_routes(services, desk)),
            *resource("operations", operation_routes(services)),
            *page_routes(services),
        ],
        exception_handlers={Exception: respond, NotFoundException: respond_not_found},
        guards=[poll.failed_tokens.guard],
        before_request=bind_correlation_id,
        before_send=[add_headers, allow_head],
        lifespan=list(lifespan),
        openapi_config=openapi(),
        plugins=[ConstantsAreRequired()],
        logging_config=None,  # structlog's configuration is the process's own
    )
