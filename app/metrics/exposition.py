"""The metrics of a process without an API, on a port of their own. Off unless METRICS_PORT is set."""

from contextlib import ExitStack
from typing import Any, Final

import structlog
from dramatiq.brokers.redis import RedisBroker
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.metrics import MetricWrapperBase
from psycopg_pool import ConnectionPool

from app.metrics.process import process_registry
from app.settings.environment import Settings
from domain.errors import DarkroomError

JOIN_SECONDS: Final = 2.0

log = structlog.get_logger(__name__)


class PortTakenError(DarkroomError):
    """The metrics cannot be served on this port."""


def open_metrics(
    settings: Settings, process: str, pool: ConnectionPool[Any], stack: ExitStack, broker: RedisBroker | None = None
) -> None:
    """Serve the process's own metrics on METRICS_PORT, if it is set; with a broker, Dramatiq's too."""
    if settings.metrics_port is None:
        return
    registry = process_registry(process, {"log": pool})
    if broker is not None:
        add_dramatiq(registry, broker)
    expose(registry, settings.host, settings.metrics_port, stack)


def expose(registry: CollectorRegistry, host: str, port: int, stack: ExitStack) -> None:
    """Serve the registry until the stack is closed. Raises PortTakenError."""
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise PortTakenError(
            f"The metrics cannot be served on {host}, METRICS_PORT {port}: {error.strerror}. "
            "Every process on a machine needs a port of its own."
        ) from error
    stack.callback(thread.join, JOIN_SECONDS)
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    log.info("metrics.listening", url=f"http://{host}:{port}/metrics")


def add_dramatiq(registry: CollectorRegistry, broker: RedisBroker) -> None:
    """Add what Dramatiq's own middleware counts of this worker's messages.

    The middleware is made for Dramatiq's own runner, which forks, and gathers its figures from files. Here is one
    process: they stay in memory, and are registered with all the others.
    """
    from dramatiq.middleware.prometheus import Prometheus  # noqa: PLC0415 - it makes a folder when it is imported

    middleware = Prometheus()
    middleware.after_process_boot(broker)  # type: ignore[no-untyped-call] # Dramatiq leaves it untyped
    for metric in vars(middleware).values():
        if isinstance(metric, MetricWrapperBase):
            registry.register(metric)
    broker.add_middleware(middleware)
