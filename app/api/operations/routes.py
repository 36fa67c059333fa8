"""The routes for operators: /healthz, /readyz and /metrics."""

from typing import Final

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec

from app.api.http.bodies import ErrorFacts
from app.api.http.openapi import AskingOperation, DocumentedOperation, answers, errors
from app.api.http.services import Services
from app.api.operations.bodies import HealthBody, NotReadyBody, ReadinessBody
from app.api.operations.health import Health
from app.api.operations.metrics import Metrics
from app.limits.errors import TooManyRequestsError

READY: Final = ReadinessBody(checks={"postgres": "ok", "redis": "ok", "storage": "ok"})
NOT_READY: Final = NotReadyBody(
    error=ErrorFacts(code="NOT_READY", message="Not ready: redis."),
    checks={"postgres": "ok", "redis": "The queue does not answer at the moment.", "storage": "ok"},
)
ALIVE: Final = answers(HealthBody, "The process lives.", alive=HealthBody())
ALL_ANSWER: Final = answers(ReadinessBody, "Every dependency answers.", ready=READY)
SOME_FAIL: Final = answers(NotReadyBody, "A dependency does not answer.", notReady=NOT_READY)
FIGURES: Final = ResponseSpec(
    bytes, generate_examples=False, description="Every figure, in Prometheus's text format.", media_type="text/plain"
)


def operation_routes(services: Services) -> list[HTTPRouteHandler]:
    """The handlers for operators."""
    health = Health(services.checks, services.limits, services.settings.trusted_proxies)
    metrics = Metrics(services.registry, health, services.figures)
    return [
        get("/healthz", operation_class=DocumentedOperation, responses={200: ALIVE, **errors()})(health.healthz),
        get(
            "/readyz",
            operation_class=DocumentedOperation,
            responses={200: ALL_ANSWER, 503: SOME_FAIL, **errors(TooManyRequestsError)},
        )(health.readyz),
        get("/metrics", operation_class=AskingOperation, responses={200: FIGURES, **errors()})(metrics.metrics),
    ]
