"""Figures that are read at a scrape, as families of Prometheus: the log, the tables and the queue.

The queries are in projections/queries/figures.py and workers/queue/depth.py.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import psycopg
from prometheus_client.core import GaugeMetricFamily, Metric
from psycopg_pool import ConnectionPool
from redis import Redis

from projections.queries.figures import gauges, read_samples
from workers.queue.depth import queue_depth

PREFIX: Final = "darkroom_"

Source = Callable[[], Iterable[Metric]]
"""The figures of one dependency. Reading them may block, and raises if the dependency does not answer as it should."""


def asked_at_scrape(
    pool: ConnectionPool[psycopg.Connection[Any]], redis: Redis, budget: int | None
) -> Mapping[str, Source]:
    """The sources of an API process, by the names of their checks."""
    return {"postgres": _database(pool, budget), "redis": _queue(redis)}


def _database(pool: ConnectionPool[psycopg.Connection[Any]], budget: int | None) -> Source:
    """What the log and the tables tell, and how many paid calls an hour may have, if that is limited."""

    def ask() -> Iterable[Metric]:
        families = {
            gauge: GaugeMetricFamily(PREFIX + gauge.name, gauge.purpose, labels=gauge.labels) for gauge in gauges()
        }
        for gauge, labels, value in read_samples(pool):
            families[gauge].add_metric(labels, value)
        allowed = GaugeMetricFamily(PREFIX + "paid_calls_budget", "GENERATION_BUDGET_PER_HOUR, if it is set.")
        if budget is not None:
            allowed.add_metric([], budget)
        return [*families.values(), allowed]

    return ask


def _queue(redis: Redis) -> Source:
    def ask() -> Iterable[Metric]:
        family = GaugeMetricFamily(PREFIX + "queue_messages", "Messages of Dramatiq's queue of runs.", labels=["state"])
        for state, count in queue_depth(redis)._asdict().items():
            family.add_metric([state], count)
        return [family]

    return ask
