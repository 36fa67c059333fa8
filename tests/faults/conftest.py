"""A plant on servers that all tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.plant import Plant, running_plant


@pytest.fixture
def plant(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Plant]:
    """A plant on a database of the test's own."""
    with running_plant(database_url, valkey_url, tmp_path) as plant:
        yield plant
