"""Uploads on the test's own database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.forecast.forecasts import House


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """Uploads on the test's own database."""
    with House(database_url, tmp_path) as house:
        yield house
