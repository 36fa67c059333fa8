"""`darkroom history at`: the read model as it stood at any moment, in a schema of its own."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from app.cli import darkroom
from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import Pool
from projections.queries.moments import position_at
from projections.rows.as_it_was import build_as_it_was
from projections.rows.projector import projector
from tests.integration.rebuilding.rows import execute, rows
from tests.submissions import run_to, submit


def history(database_url: str, *arguments: str) -> Result:
    """The command."""
    return CliRunner().invoke(darkroom, ["history", *arguments], env={"DATABASE_URL": database_url})


@pytest.mark.usefixtures("lives")
def test_it_is_what_the_live_one_was_at_every_position(
    event_log: EventLog, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.rows.projector.PAGE", 7)
    execute(pool, "TRUNCATE uploads, results")
    execute(pool, "UPDATE positions SET position = 0")
    follower = projector(event_log, pool)
    while follower.step():
        schema = f"at_{follower.position()}"
        build_as_it_was(event_log, pool, schema, follower.position())

        assert rows(pool, schema) == rows(pool)


@pytest.mark.usefixtures("lives")
def test_a_time_is_the_last_event_by_it(event_log: EventLog) -> None:
    events = event_log.read(0, 1000)
    for logged in events:
        assert position_at(event_log, logged.recorded_at) == logged.position
        assert position_at(event_log, logged.recorded_at - timedelta(microseconds=1)) == logged.position - 1

    assert position_at(event_log, event_log.now()) == events[-1].position
    assert position_at(event_log, datetime(2020, 1, 1, tzinfo=UTC)) == 0


def test_what_was_rolled_back_leaves_no_moment_out(lives: Uploads, event_log: EventLog, pool: Pool) -> None:
    execute(pool, "SELECT setval(pg_get_serial_sequence('event_log', 'position'), 200)")
    new = run_to(lives, submit(lives).id, Stage.COMPLETE)
    last = event_log.read(150, 1000)[-1]
    build_as_it_was(event_log, pool, "early", 150)

    assert rows(pool, "early") == rows(pool)
    build_as_it_was(event_log, pool, "late", position_at(event_log, last.recorded_at))
    assert str(new.id) in str(rows(pool, "late"))


def test_the_commands_build_list_and_drop_one(
    lives: Uploads, database_url: str, event_log: EventLog, pool: Pool
) -> None:
    before = rows(pool)
    moment = event_log.read(0, 1000)[-1].recorded_at
    run_to(lives, submit(lives).id, Stage.COMPLETE)
    projector(event_log, pool).catch_up()
    built = history(database_url, "at", moment.isoformat(), "--schema", "before")

    assert built.exit_code == 0, built.output
    assert rows(pool, "before") == before
    assert history(database_url, "list").stdout.startswith("before: position ")
    assert "built up to" not in history(database_url, "list").stdout
    assert history(database_url, "drop", "before").stdout == "Schema before is gone.\n"
    assert history(database_url, "list").stdout == ""


@pytest.mark.usefixtures("lives")
def test_a_schema_of_a_role_s_name_would_hide_the_live_one_and_is_refused(database_url: str, pool: Pool) -> None:
    with pool.connection() as connection:
        ((me,),) = connection.execute("SELECT current_user").fetchall()
    done = history(database_url, "at", "1", "--schema", me)

    assert (done.exit_code, f"The name {me} is that of a role" in done.stderr) == (1, True)
    with pool.connection() as connection:
        assert connection.execute("SELECT current_schema()").fetchall() == [("public",)]


@pytest.mark.usefixtures("lives")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("at", "9999", "--schema", "mine"), "does not reach position 9999 yet: it ends at "),
        (("at", "2999-01-01T00:00+01:00", "--schema", "mine"), "2998-12-31T23:00:00Z is still to come: it is 2"),
        (("diff", "1", "2999-01-01"), "2999-01-01T00:00:00Z is still to come: it is 2"),
        (("at", "1", "--schema", "public"), "The name public is taken"),
        (("at", "1", "--schema", "pg_mine"), "The name pg_mine is taken"),
        (("at", "1", "--schema", "event_log_lift"), "The name event_log_lift is that of a migration"),
        (("at", "1", "--schema", ""), "The name of a schema has 1 to 63 bytes"),
        (("at", "1", "--schema", "n" * 64), "The name of a schema has 1 to 63 bytes"),
        (("at", "1", "--schema", "theirs"), "There is a schema theirs already"),
        (("at", "2", "--schema", "built"), "as it was at position 1. Choose another name, or drop it first"),
        (("drop", "\udcff"), "The name of a schema has no control character"),
        (("drop", "theirs"), "Schema theirs is none that `darkroom history at` made"),
        (("drop", "public_previous"), "The name public_previous is taken"),
    ],
)
def test_a_name_or_a_moment_that_cannot_be_is_refused(
    database_url: str, pool: Pool, arguments: tuple[str, ...], told: str
) -> None:
    execute(pool, "CREATE SCHEMA theirs")
    history(database_url, "at", "1", "--schema", "built")
    done = history(database_url, *arguments)

    assert done.exit_code == 1
    assert told in done.stderr
