"""The options of `darkroom project` that rebuild, go back and forget, as an operator gives them."""

import pytest
from click.testing import CliRunner, Result

from app.cli import darkroom
from projections.log.pools import Pool
from tests.integration.rebuilding.rows import execute, rows


def project(database_url: str, *options: str) -> Result:
    """The command, where Redis is away: it only wakes clients earlier."""
    settings = {"DATABASE_URL": database_url, "REDIS_URL": "redis://127.0.0.1:1", "SECRET_KEYS": "k" * 40}
    return CliRunner().invoke(darkroom, ["project", *options], env=settings)


@pytest.mark.usefixtures("lives")
def test_a_rebuild_says_what_was_wrong_and_how_to_go_back(database_url: str, pool: Pool) -> None:
    execute(pool, "UPDATE uploads SET attempt = 7 WHERE stage = 'failed'")
    before = rows(pool)
    done = project(database_url, "--rebuild")

    assert done.exit_code == 0, done.output
    assert "uploads.attempt is 7, the log says 1" in done.stdout
    assert "The old rows of 1 upload were not what the log says." in done.stdout
    assert "--back swaps it in again" in done.stdout
    gone_back = project(database_url, "--back")
    assert gone_back.exit_code == 0, gone_back.output
    assert rows(pool) == before
    assert "The read model that the last rebuild replaced is live" in gone_back.stdout
    assert "The one that the last rebuild made is kept in schema public_previous: --back" in gone_back.stdout
    again = project(database_url, "--back").stdout
    assert "The read model that the last rebuild made is live" in again
    assert "The one that the last rebuild replaced is kept in schema public_previous: --back" in again
    assert project(database_url, "--back").stdout == gone_back.stdout


@pytest.mark.usefixtures("lives")
def test_the_old_one_is_forgotten_once(database_url: str) -> None:
    project(database_url, "--rebuild")

    assert project(database_url, "--forget").stdout == "The read model that the last rebuild replaced is gone.\n"
    assert project(database_url, "--forget").stdout == "No read model is kept.\n"


@pytest.mark.usefixtures("lives")
def test_after_a_way_back_it_is_the_new_one_that_is_forgotten(database_url: str) -> None:
    project(database_url, "--rebuild")
    project(database_url, "--back")

    assert project(database_url, "--forget").stdout == "The read model that the last rebuild made is gone.\n"


def test_two_options_exclude_each_other(database_url: str) -> None:
    done = project(database_url, "--rebuild", "--check")

    assert done.exit_code == 2
    assert "--rebuild and --check exclude each other" in done.stderr
