"""A head that was kept, against the log elsewhere: dumped and restored, imported, and of the earlier form."""

from pathlib import Path

import psycopg
import pytest

from app.backup import database
from projections.log.schema import migrate
from tests.integration.history.exports import export, run

SEALS = "SELECT first, last, count, root, hash FROM seals ORDER BY first"


@pytest.fixture
def head(known_url: str, tmp_path: Path) -> Path:
    """A head that was kept."""
    done = run(known_url, "events", "head", "--json", folder=tmp_path / "data")
    assert done.exit_code == 0, done.output
    (kept := tmp_path / "head.json").write_text(done.stdout)
    return kept


@pytest.fixture
def elsewhere(empty_database_url: str, known_url: str, tmp_path: Path) -> str:
    """The database, dumped and restored into another one."""
    with database.snapshot(known_url) as moment:
        database.dump(known_url, moment, tmp_path / "database.dump")
    database.restore(empty_database_url, tmp_path / "database.dump")
    migrate(empty_database_url)
    return empty_database_url


def seals(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(SEALS).fetchall()


def test_a_dump_and_restore_changes_nothing(head: Path, elsewhere: str, known_url: str) -> None:
    done = run(elsewhere, "verify", "--head", head)

    assert (done.exit_code, "contains all" in done.stdout) == (0, True), done.output
    assert seals(elsewhere) == seals(known_url) != []


def test_the_restored_log_is_sealed_on_as_the_first_one_would_be(
    head: Path, elsewhere: str, known_url: str, tmp_path: Path
) -> None:
    for url in (known_url, elsewhere):
        with psycopg.connect(url) as connection:
            connection.execute("SELECT setval(pg_get_serial_sequence('event_log', 'position'), 300)")
            connection.execute(
                "INSERT INTO event_log (upload_id, version, name, event_id, actor, correlation_id, recorded_at, state)"
                " SELECT upload_id, version + 100, name, event_id, actor, correlation_id, recorded_at, state"
                " FROM event_log WHERE position <= 3 ORDER BY position"
            )
        run(url, "events", "head", folder=tmp_path / "data")

    assert seals(elsewhere) == seals(known_url)
    assert run(elsewhere, "verify", "--head", head).exit_code == 0


def test_what_was_changed_before_the_dump_is_found_after_it(head: Path, known_url: str, elsewhere: str) -> None:
    with psycopg.connect(elsewhere) as connection:
        connection.execute("ALTER TABLE event_log DISABLE TRIGGER USER")
        connection.execute("UPDATE event_log SET actor = 'staff:erika' WHERE position = 7")
    done = run(elsewhere, "verify", "--head", head)

    first, last, *_ = seals(known_url)[0]
    assert (done.exit_code, done.stdout.partition(":")[0]) == (1, f"{first}-{last}"), done.output


@pytest.mark.parametrize("format_", ["ndjson", "csv", "parquet"])
def test_an_import_has_the_same_seals(head: Path, known_url: str, other_url: str, tmp_path: Path, format_: str) -> None:
    export(known_url, out := tmp_path / "events", "--format", format_)
    assert run(other_url, "events", "import", out).exit_code == 0
    run(other_url, "events", "head", folder=tmp_path / "data")

    assert seals(other_url) == seals(known_url)
    assert run(other_url, "verify", "--head", head).exit_code == 0
