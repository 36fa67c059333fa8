"""The API over a database and a folder of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.api.service import Service, running_service


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Service]:
    """The API with its default settings and no rate limit."""
    with running_service(database_url, tmp_path) as service:
        yield service
