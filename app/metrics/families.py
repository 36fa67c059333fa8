"""Figures that are asked for at a scrape, as Prometheus's families: the log and the tables, the queue, the storage.

It asks them and words them; what the questions are is projections/queries/figures.py's and workers/queue/depth.py's.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import psycopg
from prometheus_client.core import GaugeMetricFamily, Metric
from psycopg_pool import ConnectionPool
from redis import Redis

from domain.ports import BlobStore
from projections.queries.figures import gauges, read_samples
from workers.queue.depth import queue_depth

PREFIX: Final = "darkroom_"

Source = Callable[[], Iterable[Metric]]
"""What one dependency tells. It may block, and raises where the dependency does not answer as it should."""


def asked_at_scrape(
    pool: ConnectionPool[psycopg.Connection[Any]],
    redis: Redis,
    check_redis: Callable[[Redis], object],
    blobs: BlobStore,
    budget: int | None,
) -> Mapping[str, Source]:
    """The sources of an API process, by the names that /readyz gives them."""
    return {
        "postgres": from_database(pool, budget),
        "redis": from_queue(redis, check_redis),
        "storage": from_storage(blobs),
    }


def from_database(pool: ConnectionPool[psycopg.Connection[Any]], budget: int | None) -> Source:
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


def from_queue(redis: Redis, check: Callable[[Redis], object]) -> Source:
    """What the queue tells, if Redis passes the check."""

    def ask() -> Iterable[Metric]:
        check(redis)
        family = GaugeMetricFamily(PREFIX + "queue_messages", "Messages of Dramatiq's queue of runs.", labels=["state"])
        for state, count in queue_depth(redis)._asdict().items():
            family.add_metric([state], count)
        return [family]

    return ask


def from_storage(blobs: BlobStore) -> Source:
    """Nothing but that the object storage answers."""

    def ask() -> Iterable[Metric]:
        blobs.ping()
        return []

    return ask
