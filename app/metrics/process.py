"""Metrics of one process: memory, file descriptors, connection pools, version."""

import platform
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from typing import Any, Final

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from psycopg_pool import AsyncConnectionPool, ConnectionPool

Pools = Mapping[str, ConnectionPool[Any] | AsyncConnectionPool[Any]]

POOL_GAUGES: Final = {
    "pool_size": ("darkroom_pool_connections", "Connections to PostgreSQL that the pool holds."),
    "pool_available": ("darkroom_pool_connections_idle", "Connections that are idle at the moment."),
    "pool_max": ("darkroom_pool_connections_max", "How many it may hold."),
    "requests_waiting": ("darkroom_pool_waiting", "Who waits for a connection."),
}
POOL_COUNTERS: Final = {
    "requests_num": ("darkroom_pool_requests", "How often a connection was asked for."),
    "requests_queued": ("darkroom_pool_requests_queued", "How often it was not there at once."),
    "requests_errors": ("darkroom_pool_requests_refused", "How often it was not there in time."),
    "connections_errors": ("darkroom_pool_connects_failed", "How often PostgreSQL could not be reached."),
}


def process_registry(process: str, pools: Pools) -> CollectorRegistry:
    """A registry with what every process tells."""
    # Else each series has a twin that tells when it began.
    disable_created_metrics()  # type: ignore[no-untyped-call] # the library leaves it untyped
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Build(process))
    registry.register(_PoolUse(pools))
    return registry


def add_gauge(registry: CollectorRegistry, name: str, purpose: str, read: Callable[[], float]) -> None:
    """Add a gauge that is read at each scrape."""
    Gauge(f"darkroom_{name}", purpose, registry=registry).set_function(read)


class _Build(Collector):
    def __init__(self, process: str) -> None:
        self._labels = [process, version("darkroom"), platform.python_version()]

    def collect(self) -> Iterable[Metric]:
        labels = ["process", "version", "python"]
        family = GaugeMetricFamily("darkroom_build_info", "Which version this process runs; always 1.", labels=labels)
        family.add_metric(self._labels, 1)
        yield family


class _PoolUse(Collector):
    def __init__(self, pools: Pools) -> None:
        self._pools = pools

    def collect(self) -> Iterable[Metric]:
        told = {name: pool.get_stats() for name, pool in self._pools.items()}
        for kind, figures in ((GaugeMetricFamily, POOL_GAUGES), (CounterMetricFamily, POOL_COUNTERS)):
            for figure, (name, purpose) in figures.items():
                family = kind(name, purpose, labels=["pool"])
                for pool, stats in told.items():
                    # The driver leaves out what it has never counted.
                    family.add_metric([pool], stats.get(figure, 0))
                yield family
