"""A log of the earlier form, in which the JSON held everything: `migrate` makes the present form of it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
import pytest
from psycopg.rows import class_row

from app.backup import database
from app.storage.folder import FolderStore
from projections.audit.verification import Verification
from projections.history.canonical import canonical, line_of, read_line
from projections.history.export import connect, ndjson_blocks
from projections.history.form import Scope
from projections.log import lifting
from projections.log.event_log import COLUMNS, EventLog, LoggedEvent
from projections.log.lifting import copy_ahead
from projections.log.pools import open_pool
from projections.log.schema import migrate, schema_sql
from projections.rows.projector import projector
from tests.integration.history.known import fill, streams
from tests.integration.test_schema import structure
from tests.waiting import until
from tests.whole_json import whole

EARLIER: Final = (Path(__file__).parent / "earlier_log.sql").read_text()
INSERT: Final = "INSERT INTO event_log (upload_id, version, name, state) VALUES (%s, %s, %s, %s)"
SELECT_WAITING: Final = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'event_log'::regclass)"
ID: Final = '{"event_id": "00000000-0000-4000-8000-000000000001", '
ODD: Final = (
    '{"event_id": "3D3C6F0E-51B6-4A0E-9A39-6CE1CE2E0A5B", "actor": "a", "correlation_id": "c", "schema_version": 1}',
    '{"event_id": "3d3c6f0e51b64a0e9a396ce1ce2e0a5b", "actor": "a", "correlation_id": "C-1", "schema_version": "1"}',
    ID + '"actor": 7, "correlation_id": 7, "schema_version": 1.0}',
    ID + '"actor": "", "correlation_id": "", "n": 1e400}',
    ID + '"actor": "a", "schema_version": null, "correlation_id": "00000000-0000-4000-8000-000000000001"}',
    ID + '"actor": "a", "schema_version": 99999, "correlation_id": "5f0c6d2b9a3e4c1f8d7b6a5e4f3c2b1a", "x": [1]}',
    ID + '"actor": "\\"\\\\ä", "schema_version": 2, "correlation_id": 12345678901234567890123456789012}',
)
"""JSON that no writer of ours made, and that the columns could not give back."""


@pytest.fixture(params=[lifting.PAGE, 7], ids=["all under the lock", "most of it ahead"])
def earlier_url(empty_database_url: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with a log of the earlier form: the known history, odd events, and a position that was rolled back."""
    monkeypatch.setattr(lifting, "PAGE", request.param)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(EARLIER.encode())
        for event, _ in (pair for stream in streams() for pair in stream):
            row = whole(event)
            values = (row.originator_id, row.originator_version, row.topic, row.state.decode())
            connection.execute(INSERT, values)
        connection.execute("SELECT nextval('event_log_position_seq')")
        for number, state in enumerate(ODD, start=1):
            connection.execute(INSERT, (UUID(int=4711), number, "upload.odd", state))
    return empty_database_url


def earlier_forms(url: str) -> list[bytes]:
    """The canonical forms of the events of a log of the earlier form."""
    query = "SELECT position, upload_id, version, name, state::text, recorded_at FROM event_log ORDER BY position"
    return _forms(url, query)


def forms(url: str) -> list[bytes]:
    """The canonical forms of the events of a log."""
    return _forms(url, f"SELECT {COLUMNS} FROM event_log ORDER BY position")


def _forms(url: str, query: str) -> list[bytes]:
    with psycopg.connect(url) as connection:
        rows = connection.cursor(row_factory=class_row(LoggedEvent)).execute(query.encode()).fetchall()
    return [canonical(line_of(row)) for row in rows]


def test_it_ends_in_the_same_structure(earlier_url: str, database_url: str) -> None:
    migrate(earlier_url)
    assert structure(earlier_url) == structure(database_url)

    migrate(earlier_url)
    assert structure(earlier_url) == structure(database_url)


def test_every_event_is_the_same_so_every_seal_is_valid(earlier_url: str) -> None:
    before = earlier_forms(earlier_url)
    migrate(earlier_url)

    assert forms(earlier_url) == before


def test_an_export_has_every_event_as_it_was(earlier_url: str) -> None:
    before = earlier_forms(earlier_url)
    migrate(earlier_url)

    with connect(earlier_url) as connection:
        blocks = list(ndjson_blocks(connection, Scope(), 0, 1000))
    lines = [line for block in blocks for line in block.lines.splitlines()]
    assert [canonical(read_line(line)) for line in lines] == before


def test_verify_finds_what_it_finds_in_a_log_of_the_present_form(
    earlier_url: str, database_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(earlier_url) as connection:
        connection.execute("ALTER TABLE event_log DISABLE TRIGGER USER")
        connection.execute("DELETE FROM event_log WHERE name = 'upload.odd'")
        connection.execute("ALTER TABLE event_log ENABLE TRIGGER USER")
    migrate(earlier_url)
    fill(database_url)

    assert _violations(earlier_url, tmp_path) == _violations(database_url, tmp_path)


def _violations(url: str, folder: Path) -> list[str]:
    with open_pool(url, 2, "test") as pool:
        projector(EventLog(pool), pool).catch_up()
        verification = Verification(pool, FolderStore(folder, lambda key, _: key))
        # Their pictures are in no storage; and which one stands still depends on its times, which differ.
        return sorted(str(each) for each in verification.violations() if each.invariant not in {2, 6})


def test_each_fact_is_there_once(earlier_url: str) -> None:
    migrate(earlier_url)
    with psycopg.connect(earlier_url) as connection:
        doubled = "SELECT state FROM event_log WHERE name <> 'upload.odd' AND state ?| %s"
        names = ["event_id", "actor", "schema_version"]
        assert connection.execute(doubled, (names,)).fetchall() == []


def test_it_is_append_only_again_and_the_next_event_gets_the_next_position(earlier_url: str) -> None:
    last = len(earlier_forms(earlier_url)) + 1  # and the one that was rolled back
    migrate(earlier_url)
    with psycopg.connect(earlier_url, autocommit=True) as connection:
        for statement in ("DELETE FROM event_log", "UPDATE event_log SET actor = 'x'", "TRUNCATE event_log"):
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                connection.execute(statement.encode())
        insert = f"{INSERT} RETURNING position"
        assert connection.execute(insert.encode(), (UUID(int=8), 1, "upload.odd", ODD[0])).fetchone() == (last + 1,)


@pytest.mark.parametrize("state", ODD)
def test_what_a_writer_of_the_earlier_form_appends_is_opened(earlier_url: str, database_url: str, state: str) -> None:
    values = (UUID(int=9), 1, "upload.odd", state)
    for url in (earlier_url, database_url):
        with psycopg.connect(url) as connection:
            connection.execute(INSERT, values)
    before = _facts(earlier_forms(earlier_url)[-1:])

    assert _facts(forms(database_url)) == before


def test_a_copy_that_was_interrupted_is_continued(earlier_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifting, "PAGE", 7)
    before = earlier_forms(earlier_url)
    with psycopg.connect(earlier_url, autocommit=True) as connection:
        copied = copy_ahead(connection, schema_sql())
        connection.execute("ALTER TABLE event_log_lift.event_log DISABLE TRIGGER USER")
        connection.execute("DELETE FROM event_log_lift.event_log WHERE position > 10")
        assert copy_ahead(connection, schema_sql()) == copied - 10
        connection.execute(INSERT, (UUID(int=12), 1, "upload.odd", ODD[-1]))  # the service runs meanwhile
    migrate(earlier_url)

    assert forms(earlier_url)[:-1] == before
    assert len(forms(earlier_url)) == len(before) + 1


def test_a_statement_that_waits_for_the_migration_and_is_waited_for_fails_at_most_once(
    earlier_url: str, database_url: str
) -> None:
    with psycopg.connect(earlier_url) as other, ThreadPoolExecutor(1) as threads:
        other.execute("CREATE TABLE uploads (upload_id uuid PRIMARY KEY)")
        other.commit()
        other.execute("LOCK TABLE event_log IN ACCESS SHARE MODE")
        migrated = threads.submit(migrate, earlier_url)
        with psycopg.connect(earlier_url, autocommit=True) as watching:
            until(lambda: watching.execute(SELECT_WAITING).fetchone() == (True,), "the migration does not wait")
        other.execute("SET LOCAL deadlock_timeout = '20s'")  # so that the migration is the one that is ended
        other.execute("SELECT FROM uploads")
        other.commit()
        migrated.result()

    assert structure(earlier_url) == structure(database_url)


def test_a_backup_of_the_earlier_form_is_restored(earlier_url: str, tmp_path: Path, postgres_url: str) -> None:
    before = earlier_forms(earlier_url)
    with database.snapshot(earlier_url) as moment:
        database.dump(earlier_url, moment, tmp_path / "database.dump")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored")
    url = postgres_url.replace("///darkroom?", "///restored?")
    try:
        database.restore(url, tmp_path / "database.dump")
        migrate(url)
        assert forms(url) == before
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("DROP DATABASE restored")


def _facts(found: Sequence[bytes]) -> list[Any]:
    decoded = [msgspec.json.decode(form) for form in found]
    return [{name: form[name] for name in form if name not in {"position", "recordedAt"}} for form in decoded]
