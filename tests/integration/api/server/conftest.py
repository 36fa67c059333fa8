"""The API as a process: granian in front, real sockets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.api.serving import BODY_SECONDS, Server, running


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """A process that answers, and gives a photo three seconds to arrive."""
    with running(database_url, tmp_path, BODY_SECONDS) as server:
        yield server


@pytest.fixture(scope="module")
def shared_server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A process for all tests of a file that leave nothing in it."""
    with running(module_database_url, tmp_path_factory.mktemp("shared"), 60) as server:
        yield server


@pytest.fixture
def patient_server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """A process that answers, and gives a photo a minute to arrive."""
    with running(database_url, tmp_path, 60) as server:
        yield server
