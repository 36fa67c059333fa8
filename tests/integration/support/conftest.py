"""The API, and a staff member of each role."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.api.service import running_service
from tests.integration.support.desk import Desk


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """The API with its default settings, as staff use it."""
    with running_service(database_url, tmp_path) as service:
        yield Desk.of(service)
