"""Queue position and ETA: their values for real rows and a real log, and their cost for the database."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import pytest

from domain.failures import FailureCode
from domain.stages import Stage
from projections.log.connections import async_pool
from projections.queries.forecast import SELECT_BANDS, SELECT_QUEUE, Eta, Forecast, Forecaster
from projections.queries.status import SELECT_STATUSES, StatusReader
from tests.integration.recent import completed, runs, waiting
from tests.lives import WORKER, Lives, soon

T = TypeVar("T")


class CountingReader(StatusReader):
    """A reader that counts the queries of the forecaster."""

    asked = 0

    async def select(self, query: Any, rows: Any, *parameters: object) -> list[Any]:  # noqa: ANN401 - as the real one
        """Count, and ask."""
        self.asked += query in {SELECT_QUEUE, SELECT_BANDS}
        return await super().select(query, rows, *parameters)


class House(Lives):
    """Uploads, and forecasts of them on an event loop of their own."""

    def __init__(self, database_url: str, folder: Path) -> None:
        super().__init__(database_url, folder)
        self._url = database_url

    def on_loop(self, use: Callable[[Forecaster, CountingReader], Awaitable[T]]) -> T:
        """Use a forecaster."""

        async def run() -> T:
            async with async_pool(self._url, 4, "test") as pool:
                reader = CountingReader(pool)
                return await use(Forecaster(reader), reader)

        return asyncio.run(run())

    def forecasts(self, *upload_ids: UUID) -> list[Forecast]:
        """What is forecast of these uploads, once the projector has seen all."""
        self.project()

        async def ask(forecaster: Forecaster, reader: StatusReader) -> list[Forecast]:
            return [await forecast(forecaster, reader, upload_id) for upload_id in upload_ids]

        return self.on_loop(ask)

    def forecast(self, upload_id: UUID) -> Forecast:
        """What is forecast of one."""
        return self.forecasts(upload_id)[0]


async def forecast(forecaster: Forecaster, reader: StatusReader, upload_id: UUID) -> Forecast:
    """What is forecast of an upload's row."""
    row = await reader.status(upload_id)
    assert row
    return await forecaster.forecast(row)


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """Uploads on the test's own database."""
    with House(database_url, tmp_path) as house:
        yield house


def test_the_position_counts_the_uploads_that_wait_and_were_submitted_before(house: House) -> None:
    moving, *pending = (house.submitted() for _ in range(4))
    house.run(moving, Stage.VALIDATING)

    assert [found.queue_position for found in house.forecasts(*pending)] == [0, 1, 2]
    assert house.forecast(moving).queue_position is None


def test_the_queue_moves_up_as_uploads_begin_and_end(house: House) -> None:
    first, second, third = (house.submitted() for _ in range(3))
    house.run(first, Stage.VALIDATING)
    house.uploads.cancel(second, by="session:abc")

    assert house.forecast(third).queue_position == 0


def test_a_row_without_a_history_does_not_count(house: House) -> None:
    waiting(house.pool, 5, version=0)

    assert house.forecast(house.submitted()).queue_position == 0


def test_an_upload_newer_than_the_cached_queue_gets_a_position_behind_all_others(house: House) -> None:
    first, second = house.submitted(), house.submitted()
    house.project()

    async def ask(forecaster: Forecaster, reader: CountingReader) -> tuple[list[int | None], int]:
        positions = [(await forecast(forecaster, reader, first)).queue_position]
        third, fourth = house.submitted(), house.submitted()
        await asyncio.to_thread(house.project)
        positions += [(await forecast(forecaster, reader, each)).queue_position for each in (fourth, third, second)]
        return positions, reader.asked

    positions, asked = house.on_loop(ask)
    assert positions == [0, 3, 2, 1]
    assert asked <= 3 + 3, "the bands once, the queue for the first and the fourth, and again if a second has passed"


def test_in_a_queue_too_long_to_count_an_upload_has_no_position(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.queries.forecast.LONGEST_QUEUE", 2)
    pending = [house.submitted() for _ in range(3)]

    assert [found.queue_position for found in house.forecasts(*pending)] == [0, 1, None]


def test_an_upload_at_the_head_of_the_queue_has_the_band_of_a_whole_run_before_it(house: House) -> None:
    completed(house.pool, 100)
    runs(house.pool, 1)

    assert house.forecast(house.submitted()) == Forecast(0, Eta(51, 91))


def test_where_nothing_runs_the_wait_at_the_head_of_the_queue_counts_and_ends_the_eta(house: House) -> None:
    completed(house.pool, 100)
    fresh, old, older = (house.submitted() for _ in range(3))
    house.project()
    assert house.forecast(fresh).eta
    for upload_id, seconds in ((fresh, 0), (old, 20), (older, 91)):
        house.age(upload_id, timedelta(seconds=seconds))

    assert house.forecast(older) == Forecast(0)
    house.uploads.cancel(older, by="session:abc")
    found = house.forecast(old).eta
    assert found
    assert 26 <= found.p50_seconds <= 31
    assert 66 <= found.p90_seconds <= 71


def test_the_wait_before_a_requested_retry_is_not_counted(house: House) -> None:
    completed(house.pool, 100)
    upload_id = house.submitted()
    house.uploads.cancel(upload_id, by="session:abc")
    house.project()
    house.age(upload_id, timedelta(hours=1))
    house.uploads.retry(upload_id, by="session:abc")

    assert house.forecast(upload_id).eta


def test_the_queue_ahead_is_divided_by_the_active_runs(house: House) -> None:
    completed(house.pool, 100)
    runs(house.pool, 4)
    *_, last = (house.submitted() for _ in range(3))

    # Two runs of 50.5 s each, four at a time.
    assert house.forecast(last) == Forecast(2, Eta(76, 116))


def test_a_queue_without_active_runs_has_no_eta(house: House) -> None:
    completed(house.pool, 100)
    *_, last = (house.submitted() for _ in range(3))

    assert house.forecast(last) == Forecast(2)


def test_what_is_left_of_a_stage_is_its_band_without_the_time_spent_in_it(house: House) -> None:
    completed(house.pool, 100)
    upload_id = house.reached(Stage.GENERATING)
    house.project()
    house.age(upload_id, timedelta(seconds=20))

    found = house.forecast(upload_id).eta

    # From generating on it took 45.45 s and 81.09 s; a slow machine spends some time of its own.
    assert found
    assert 22 <= found.p50_seconds <= 26
    assert 58 <= found.p90_seconds <= 62


def test_progress_within_a_stage_does_not_set_its_time_back(house: House) -> None:
    completed(house.pool, 100)
    upload_id = house.reached(Stage.GENERATING)
    house.project()
    house.age(upload_id, timedelta(seconds=20))
    house.uploads.advance(upload_id, Stage.GENERATING, 50, attempt=1, by=WORKER)

    found = house.forecast(upload_id).eta
    assert found
    assert found.p50_seconds <= 26


def test_the_next_attempt_begins_its_stage_anew(house: House) -> None:
    completed(house.pool, 100)
    upload_id = house.reached(Stage.GENERATING)
    house.project()
    house.age(upload_id, timedelta(seconds=40))
    house.uploads.fail_attempt(
        upload_id, FailureCode.WORKER_STOPPED, soon(), stage=Stage.GENERATING, attempt=1, by=WORKER
    )
    house.uploads.start_attempt(upload_id, by=WORKER)

    found = house.forecast(upload_id).eta
    assert found
    assert found.p50_seconds > 40


def test_what_is_left_is_never_negative_and_unknown_beyond_nine_of_ten(house: House) -> None:
    completed(house.pool, 100)
    slow, slower = (house.reached(Stage.GENERATING) for _ in range(2))
    house.project()
    house.age(slow, timedelta(seconds=60))
    house.age(slower, timedelta(seconds=82))

    found = house.forecast(slow).eta
    assert found
    assert found.p50_seconds == 0
    assert 0 < found.p90_seconds <= 22
    assert house.forecast(slower) == Forecast()


@pytest.mark.parametrize(("uploads", "known"), [(19, False), (20, True)])
def test_with_too_few_recent_uploads_there_is_no_eta(house: House, uploads: int, *, known: bool) -> None:
    completed(house.pool, uploads)

    assert (house.forecast(house.submitted()).eta is not None) is known
    assert (house.forecast(house.reached(Stage.GENERATING)).eta is not None) is known


def test_uploads_completed_more_than_a_day_ago_do_not_count(house: House) -> None:
    completed(house.pool, 100, hours=25)

    assert house.forecast(house.submitted()) == Forecast(0)


def test_only_the_last_two_hundred_count(house: House) -> None:
    completed(house.pool, 100, seconds=50, hours=3)
    completed(house.pool, 200, seconds=0.1, hours=1)
    runs(house.pool, 1)

    assert house.forecast(house.submitted()).eta == Eta(ceil_of(10.05), ceil_of(18.01))


def ceil_of(seconds: float) -> int:
    """In whole seconds, as an ETA tells them."""
    return -int(-seconds // 1)


def test_a_retried_upload_does_not_count_for_the_eta(house: House) -> None:
    completed(house.pool, 19)
    retried = house.failed(Stage.GENERATING)
    house.uploads.retry(retried, by="session:abc")
    house.run(retried, Stage.COMPLETE)

    assert house.forecast(house.submitted()) == Forecast(0)


def test_while_a_retry_waits_there_is_no_eta(house: House) -> None:
    completed(house.pool, 100)
    running, pending = house.reached(Stage.GENERATING), house.submitted()
    house.uploads.start_attempt(pending, by=WORKER)
    for upload_id in (running, pending):
        house.uploads.fail_attempt(
            upload_id, FailureCode.GENERATION_UNAVAILABLE, soon(), stage=None, attempt=1, by=WORKER
        )

    assert house.forecasts(running, pending) == [Forecast(), Forecast(0)]


def test_a_retry_that_no_run_has_taken_up_yet_has_no_eta(house: House) -> None:
    completed(house.pool, 100)
    upload_id = house.failed(Stage.GENERATING)
    house.uploads.retry(upload_id, by="session:abc")

    assert house.forecast(upload_id) == Forecast()


def test_an_ended_upload_has_no_forecast(house: House) -> None:
    completed(house.pool, 100)

    assert house.forecasts(house.complete(), house.failed(Stage.GENERATING)) == [Forecast(), Forecast()]


def test_a_database_that_hangs_costs_a_poll_its_forecast_and_a_second(house: House, database_url: str) -> None:
    upload_id = house.submitted()
    house.project()
    with psycopg.connect(database_url) as blocker:

        async def ask(forecaster: Forecaster, reader: CountingReader) -> tuple[Forecast, float]:
            row = await reader.status(upload_id)
            assert row
            await asyncio.to_thread(blocker.execute, "LOCK TABLE leases")
            began = time.monotonic()
            found = await forecaster.forecast(row)
            took = time.monotonic() - began
            blocker.rollback()
            return found, took

        found, took = house.on_loop(ask)

    assert found == Forecast()
    assert took < 3


def test_many_polls_cost_two_queries(house: House) -> None:
    completed(house.pool, 100)
    pending = [house.submitted() for _ in range(30)]
    running = [house.reached(Stage.GENERATING) for _ in range(3)]
    house.project()

    async def poll(forecaster: Forecaster, reader: CountingReader) -> int:
        await asyncio.gather(*(forecast(forecaster, reader, upload_id) for upload_id in pending + running))
        return reader.asked

    assert house.on_loop(poll) == 2


def test_no_query_of_a_poll_reads_a_whole_table_of_100_000_uploads(house: House) -> None:
    completed(house.pool, 20_000, seconds=0.001)
    waiting(house.pool, 80_000)
    upload_id = house.submitted()
    house.project()
    house.execute("ANALYZE")

    for query, parameter in ((SELECT_STATUSES, [upload_id] * 500), (SELECT_QUEUE, 10_000), (SELECT_BANDS, 200)):
        assert scans(house, query, parameter) & {"uploads", "event_log"} == set()


def scans(house: House, query: str, parameter: object) -> set[str]:
    """The tables of which PostgreSQL would read every row, or sort them."""
    with house.pool.connection() as connection:
        row = connection.execute(f"EXPLAIN (FORMAT JSON) {query}".encode(), (parameter,)).fetchone()
    assert row
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return {node["Relation Name"] for node in nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan"}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The plan's node and all below it."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)
