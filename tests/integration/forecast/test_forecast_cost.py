"""What forecasts cost the database: two queries for many polls, no whole table, and never a hang."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import structlog

from domain.stages import Stage
from projections.queries.forecast import SELECT_BANDS, SELECT_QUEUE, Forecast, Forecaster
from projections.queries.status import SELECT_STATUSES, StatusRow
from tests.benchmarks.lives import crowd
from tests.integration.forecast.forecasts import CountingReader, ForecastRig, forecast
from tests.integration.recent import completed, waiting


def test_a_database_that_hangs_costs_a_poll_its_forecast_and_a_bounded_time(
    rig: ForecastRig, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.queries.forecast.FORECAST_SECONDS", 0.1)
    upload_id = rig.submitted()
    rig.project()
    with psycopg.connect(database_url) as blocker, structlog.testing.capture_logs() as logs:

        async def ask(forecaster: Forecaster, reader: CountingReader) -> Forecast:
            row = await reader.status(upload_id)
            assert isinstance(row, StatusRow)
            await asyncio.to_thread(blocker.execute, "LOCK TABLE leases")
            found = await forecaster.forecast(row)
            blocker.rollback()
            return found

        found = rig.on_loop(ask)

    assert found == Forecast()
    assert logs == [], "it did not wait until the database gave up"


def test_many_polls_cost_two_queries(rig: ForecastRig) -> None:
    completed(rig.pool, 100)
    pending = [rig.submitted() for _ in range(30)]
    running = [rig.reached(Stage.GENERATING) for _ in range(3)]
    rig.project()

    async def poll(forecaster: Forecaster, reader: CountingReader) -> int:
        await asyncio.gather(*(forecast(forecaster, reader, upload_id) for upload_id in pending + running))
        return reader.asked

    assert rig.on_loop(poll, clock=lambda: 0) == 2


def test_no_query_of_a_poll_reads_a_whole_table_of_100_000_uploads(rig: ForecastRig) -> None:
    completed(rig.pool, 20_000, seconds=0.001)
    waiting(rig.pool, 80_000)
    upload_id = rig.submitted()
    rig.project()
    for events in crowd(8000):
        rig.log.insert_events(events)
    rig.execute("ANALYZE")

    for query, parameter in ((SELECT_STATUSES, [upload_id] * 500), (SELECT_QUEUE, 10_000), (SELECT_BANDS, 200)):
        assert scans(rig, query, parameter) & {"uploads", "event_log"} == set()


def scans(rig: ForecastRig, query: str, parameter: object) -> set[str]:
    """The tables of which PostgreSQL would read every row, or sort them."""
    with rig.pool.connection() as connection:
        row = connection.execute(f"EXPLAIN (FORMAT JSON) {query}".encode(), (parameter,)).fetchone()
    assert row
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return {node["Relation Name"] for node in nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan"}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The plan's node and all below it."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)
