"""Uploads in a log, a read model and a folder of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lives import Lives


@pytest.fixture
def lives(database_url: str, tmp_path: Path) -> Iterator[Lives]:
    with Lives(database_url, tmp_path) as lives:
        yield lives
