"""The API over the known history, and a viewer who asks for its charts."""

from collections.abc import Iterator

import pytest

from projections.statistics.stage_statistics import STATISTICS
from tests.integration.analysis.charts import Analyst
from tests.integration.api.service import running_service
from tests.integration.history.known import fill
from tests.integration.support.desk import Desk


@pytest.fixture(scope="module")
def analyst(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analyst]:
    """One API for the whole file."""
    fill(module_database_url)
    with running_service(module_database_url, tmp_path_factory.mktemp("analysis")) as service:
        STATISTICS.follower(service.lives.log, service.lives.pool).catch_up()
        yield Analyst(Desk.of(service))
