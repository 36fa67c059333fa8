"""GET /metrics: figures for Prometheus. They are read at each scrape, within a time limit.

It knows no figure. A dependency that does not answer in time is told as such, and what it would have said is left out.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Final

import structlog
from anyio import CapacityLimiter, to_thread
from litestar import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.api.operations.health import OK, Health
from app.metrics.families import Source

SCRAPE_SECONDS: Final = 2.5
FRESH_SECONDS: Final = 1.0
"""A scrape this soon after another gets the same figures, so that many scrapes do not load the database."""
THREADS: Final = 6
"""Sources that hang use these up, and never the threads of uploads."""

log = structlog.get_logger(__name__)


class Metrics:
    """Asks every source at once, each for a bounded time, and adds what this process counts by itself."""

    def __init__(self, registry: CollectorRegistry, health: Health, sources: Mapping[str, Source]) -> None:
        self._registry = registry
        self._health = health
        self._sources = sources
        self._threads = CapacityLimiter(THREADS)
        self._one_at_a_time = asyncio.Lock()
        self._asked_at = float("-inf")
        self._answer = b""

    async def metrics(self) -> Response[bytes]:
        """Ask how the service is doing."""
        async with self._one_at_a_time:
            if time.monotonic() - self._asked_at > FRESH_SECONDS:
                self._answer = await self._ask()
                self._asked_at = time.monotonic()
        own = generate_latest(self._registry)
        content_type = CONTENT_TYPE_LATEST.partition("; charset")[0]  # the framework adds that by itself
        return Response(own + self._answer, media_type=content_type, headers={"Cache-Control": "no-store"})

    async def _ask(self) -> bytes:
        checking = asyncio.create_task(self._health.checks())
        told = await asyncio.gather(*(self._told(name, source) for name, source in self._sources.items()))
        checks = await checking
        families = dict(zip(self._sources, told, strict=True))
        up = GaugeMetricFamily(
            "darkroom_up", "Whether the dependency answers, takes writes and tells its figures.", labels=["dependency"]
        )
        for name, answer in checks.items():
            up.add_metric([name], answer == OK and families.get(name, ()) is not None)
        return generate_latest(_Once([up, *(family for told in families.values() for family in told or ())]))

    async def _told(self, name: str, source: Source) -> list[Metric] | None:
        try:
            async with asyncio.timeout(SCRAPE_SECONDS):
                asking = to_thread.run_sync(lambda: list(source()), abandon_on_cancel=True, limiter=self._threads)
                return await asking
        except TimeoutError:
            log.warning("metrics.timeout", dependency=name, seconds=SCRAPE_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, the others are told all the same
            log.warning("metrics.unanswered", dependency=name, error=str(error))
        return None


class _Once(Collector):
    """What was collected already, in the form that the library writes."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
