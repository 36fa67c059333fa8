"""The known history of six uploads, and what the statistics make of it."""

import pytest

from projections.log.event_log import EventLog
from projections.log.pools import Pool
from projections.statistics.stage_statistics import STATISTICS
from tests.integration.history.known import fill
from tests.integration.statistics.counted import Counted


@pytest.fixture
def known(database_url: str, event_log: EventLog, pool: Pool) -> Counted:
    """The statistics of the known history, caught up from its first event."""
    fill(database_url)
    STATISTICS.follower(event_log, pool).catch_up()
    return Counted(pool)
