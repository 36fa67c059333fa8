"""`darkroom project --check`: what this version would make of the log, against the rows that there are."""

import pytest
from click.testing import CliRunner, Result

from app.cli import darkroom
from domain.events import ResultStored
from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import Pool
from projections.rows.comparison import compare
from projections.rows.projector import projector
from tests.integration.rebuilding.rows import execute
from tests.submissions import run_to, submit
from tests.unknown_events import forget


def check(database_url: str) -> Result:
    """The command."""
    settings = {"DATABASE_URL": database_url, "REDIS_URL": "redis://127.0.0.1:1", "SECRET_KEYS": "k" * 40}
    return CliRunner().invoke(darkroom, ["project", "--check"], env=settings)


@pytest.mark.usefixtures("lives")
def test_rows_that_are_right_end_it_with_0(database_url: str) -> None:
    done = check(database_url)

    assert (done.exit_code, done.stdout) == (
        0,
        "0 of 8 uploads have rows that this version would not make from the log.\n",
    )


def test_each_upload_that_differs_is_named_and_ends_it_with_1(lives: Uploads, database_url: str, pool: Pool) -> None:
    execute(pool, "UPDATE uploads SET attempt = 7 WHERE stage = 'failed'")
    execute(pool, "DELETE FROM uploads WHERE status = 'pending'")
    submit(lives)  # the projector has not come to it: no difference
    done = check(database_url)

    assert done.exit_code == 1
    assert "uploads.attempt is 7, the log says 1" in done.stdout
    assert "its row in uploads is missing" in done.stdout
    assert done.stdout.endswith("2 of 9 uploads have rows that this version would not make from the log.\n")


def test_a_version_that_cannot_apply_an_event_is_found_out(
    lives: Uploads, event_log: EventLog, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = run_to(lives, submit(lives).id, Stage.COMPLETE)
    projector(event_log, pool).catch_up()
    forget(monkeypatch, ResultStored)
    ((uploads, results),) = compare(pool, [complete.id])

    assert "uploads.stage is complete, the log says generating" in uploads.sentence
    assert "row in results that the log does not know" in results.sentence


@pytest.mark.usefixtures("lives")
def test_it_writes_nothing_and_waits_for_no_lock_of_a_row(database_url: str, pool: Pool) -> None:
    execute(
        pool,
        f"ALTER DATABASE {database_url.partition('///')[2].partition('?')[0]} SET default_transaction_read_only = on",
    )
    with pool.connection() as writer, writer.transaction():
        writer.execute("SELECT FROM positions FOR UPDATE")
        writer.execute("UPDATE uploads SET attempt = attempt + 1")

        assert check(database_url).exit_code == 0
