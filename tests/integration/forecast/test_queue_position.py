"""The queue position counts the uploads that wait and were submitted before."""

import asyncio

import pytest

from domain.stages import Stage
from domain.upload import Upload
from projections.queries.forecast import Forecaster
from tests.integration.forecast.forecasts import CountingReader, ForecastRig, forecast
from tests.integration.recent import waiting


def test_the_position_counts_the_uploads_that_wait_and_were_submitted_before(rig: ForecastRig) -> None:
    moving, *pending = (rig.submitted() for _ in range(4))
    rig.run(moving, Stage.VALIDATING)

    assert [found.queue_position for found in rig.forecasts(*pending)] == [0, 1, 2]
    assert rig.forecast(moving).queue_position is None


def test_the_queue_moves_up_as_uploads_begin_and_end(rig: ForecastRig) -> None:
    first, second, third = (rig.submitted() for _ in range(3))
    rig.run(first, Stage.VALIDATING)
    rig.uploads.execute(second, Upload.cancel, by="session:abc")

    assert rig.forecast(third).queue_position == 0


def test_a_row_without_a_history_does_not_count(rig: ForecastRig) -> None:
    waiting(rig.pool, 5, version=0)

    assert rig.forecast(rig.submitted()).queue_position == 0


def test_an_upload_newer_than_the_cached_queue_gets_a_position_behind_all_others(rig: ForecastRig) -> None:
    first, second = rig.submitted(), rig.submitted()
    rig.project()

    async def ask(forecaster: Forecaster, reader: CountingReader) -> tuple[list[int | None], int]:
        positions = [(await forecast(forecaster, reader, first)).queue_position]
        third, fourth = rig.submitted(), rig.submitted()
        await asyncio.to_thread(rig.project)
        positions += [(await forecast(forecaster, reader, each)).queue_position for each in (fourth, third, second)]
        return positions, reader.asked

    positions, asked = rig.on_loop(ask, clock=lambda: 0)
    assert positions == [0, 3, 2, 1]
    assert asked == 3, "the bands once, the queue for the first and the fourth"


def test_in_a_queue_too_long_to_count_an_upload_has_no_position(
    rig: ForecastRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.queries.forecast.LONGEST_QUEUE", 2)
    pending = [rig.submitted() for _ in range(3)]

    assert [found.queue_position for found in rig.forecasts(*pending)] == [0, 1, None]
