"""A projection of its own: it reads old history by itself, and an event that it cannot apply stops one upload."""

import pytest
from click.testing import CliRunner

from app.cli import darkroom
from domain.events import ResultStored
from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import Pool
from projections.queries.figures import read_samples
from projections.statistics.stage_statistics import READER, STATISTICS
from tests.integration.rebuilding.rows import execute
from tests.integration.statistics.counted import Counted
from tests.submissions import run_to, submit
from tests.unknown_events import forget, remember


def figures(pool: Pool) -> dict[str, float]:
    """The metrics of the readers, by name and reader."""
    return {
        " ".join((sample.gauge.name, *sample.labels)): sample.value
        for sample in read_samples(pool)
        if "reader" in sample.gauge.labels
    }


def test_an_event_that_cannot_be_applied_stops_one_upload_until_the_code_is_mended(
    database_url: str, uploads: Uploads, event_log: EventLog, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_to(uploads, submit(uploads).id, Stage.COMPLETE)
    run_to(uploads, submit(uploads).id, Stage.GENERATING)
    STATISTICS.follower(event_log, pool).catch_up()
    whole = Counted(pool).rows()
    execute(pool, "TRUNCATE stage_statistics, stage_statistics_days")
    execute(pool, "DELETE FROM positions")
    forget(monkeypatch, ResultStored)
    STATISTICS.follower(event_log, pool).catch_up()
    assert figures(pool)[f"uploads_stopped {READER}"] == 1
    assert STATISTICS.retry(pool) == (0, 1)

    settings = {"DATABASE_URL": database_url, "REDIS_URL": "redis://127.0.0.1:1", "SECRET_KEYS": "k" * 40}
    command = ["project", "--retry-quarantined"]
    failed = CliRunner().invoke(darkroom, command, env=settings)
    assert (failed.exit_code, f"{READER}: applied 0 uploads again; 1 stays out of it." in failed.stdout) == (1, True)
    remember(monkeypatch, ResultStored)
    mended = CliRunner().invoke(darkroom, command, env=settings)
    assert (mended.exit_code, f"{READER}: applied 1 upload again; 0 stay out of it." in mended.stdout) == (0, True)
    assert Counted(pool).rows() == whole
    assert STATISTICS.retry(pool) == (0, 0)


def test_its_lag_is_a_metric(uploads: Uploads, event_log: EventLog, pool: Pool) -> None:
    follower = STATISTICS.follower(event_log, pool)
    follower.catch_up()
    follower.position()
    for _ in range(3):
        submit(uploads)
    assert figures(pool)[f"reader_lag_events {READER}"] == 3
    follower.catch_up()

    assert figures(pool)[f"reader_lag_events {READER}"] == 0
