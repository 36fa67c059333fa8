"""`darkroom session end`: an operator ends a session by its hash."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.session import session
from app.embedded.data_folder import DataFolder
from app.signing.ended import EndedSessions
from tests.lives import Lives
from tests.submissions import SESSION_HASH

CLOSED = "postgresql://absent@127.0.0.1:1/nothing"


@pytest.fixture
def lives(database_url: str, tmp_path: Path) -> Iterator[Lives]:
    """An embedded service that runs on the data folder."""
    with DataFolder(tmp_path / "data") as folder, Lives(database_url, tmp_path / "objects") as lives:
        folder.announce(server_url="http://127.0.0.1:1", database_url=database_url, redis_url="unix:///nowhere")
        yield lives


def end(session_hash: str, data: Path, **environment: str) -> Result:
    return CliRunner(env={"COLUMNS": "200", **environment}).invoke(session, ["end", session_hash, "--data", str(data)])


def test_a_session_is_ended_once_and_may_be_ended_again(lives: Lives, tmp_path: Path) -> None:
    first, again = (end(SESSION_HASH, tmp_path / "data") for _ in range(2))

    assert (first.exit_code, first.output) == (0, "The session is ended.\n")
    assert (again.exit_code, again.output) == (0, "The session was ended before.\n")
    assert not EndedSessions(lives.pool).end(SESSION_HASH)


@pytest.mark.parametrize("wrong", ["", "a token.of-a-session", "A" * 64, "a" * 63])
def test_what_is_no_hash_is_refused_and_not_kept(lives: Lives, tmp_path: Path, wrong: str) -> None:
    done = end(wrong, tmp_path / "data")

    assert done.exit_code == 2
    assert "is no hash of a session" in " ".join(done.output.split())
    with lives.pool.connection() as connection:
        assert connection.execute("SELECT count(*) FROM ended_sessions").fetchone() == (0,)


def test_without_a_database_it_says_so(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": CLOSED, "REDIS_URL": "redis://127.0.0.1:1", "SECRET_KEYS": "k" * 32}

    done = end(SESSION_HASH, tmp_path, **settings)

    assert done.exit_code == 2
    assert "does not answer" in done.output
