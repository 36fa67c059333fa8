"""A running service's data folder, as the commands of operators and staff find it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded.data_folder import DataFolder
from tests.lives import Lives


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def lives(database_url: str, data: Path) -> Iterator[Lives]:
    """Uploads of an embedded service that runs on the data folder."""
    with DataFolder(data) as folder, Lives(database_url, data / "objects") as lives:
        folder.announce(server_url="http://127.0.0.1:1", database_url=database_url, redis_url="unix:///nowhere")
        yield lives
