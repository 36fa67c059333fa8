"""Uploads on the test's own database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.forecast.forecasts import ForecastRig


@pytest.fixture(autouse=True)
def _a_forecast_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.queries.forecast.FORECAST_SECONDS", 60)


@pytest.fixture
def rig(database_url: str, tmp_path: Path) -> Iterator[ForecastRig]:
    """Uploads on the test's own database."""
    with ForecastRig(database_url, tmp_path) as rig:
        yield rig
