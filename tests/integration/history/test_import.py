"""`darkroom events import`: an empty database gets the same log, or nothing."""

from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from projections.rows.projector import projector
from tests.fakes.silent_notifier import SilentNotifier
from tests.integration.history.exports import export, run, whole_log
from tests.integration.test_earlier_log import INSERT, ODD, forms
from tests.submissions import submit


@pytest.mark.parametrize("format_", ["ndjson", "csv", "parquet"])
def test_the_log_is_the_same_position_and_time_included(
    known_url: str, other_url: str, tmp_path: Path, format_: str
) -> None:
    with psycopg.connect(known_url) as connection:
        connection.execute("SELECT nextval(pg_get_serial_sequence('event_log', 'position'))")  # a gap
        for number, state in enumerate(ODD, start=1):
            connection.execute(INSERT, (UUID(int=4711), number, "upload.odd", state))
    with open_pool(known_url, 1, "test") as pool:
        submit(Uploads(EventLog(pool), SilentNotifier()))
    export(known_url, out := tmp_path / "events", "--format", format_)

    done = run(other_url, "events", "import", out)
    assert done.exit_code == 0, done.output
    assert forms(other_url) == forms(known_url)


def test_it_needs_no_schema(known_url: str, empty_database_url: str, tmp_path: Path) -> None:
    export(known_url, out := tmp_path / "events")
    assert run(empty_database_url, "events", "import", out).exit_code == 0
    assert whole_log(empty_database_url) == whole_log(known_url)


def test_several_files_are_one_log(known_url: str, other_url: str, tmp_path: Path) -> None:
    export(known_url, first := tmp_path / "a", "--until", 20)
    export(known_url, second := tmp_path / "b", "--since", 21)

    assert run(other_url, "events", "import", second, first).exit_code == 0
    assert whole_log(other_url) == whole_log(known_url)


def test_the_log_goes_on_behind_the_last_position(known_url: str, other_url: str, tmp_path: Path) -> None:
    export(known_url, out := tmp_path / "events")
    run(other_url, "events", "import", out)
    with open_pool(other_url, 2, "test") as pool:
        log = EventLog(pool)
        submit(Uploads(log, SilentNotifier()))
        projector(log, pool).catch_up()
        assert log.last_position() == len(whole_log(known_url)) + 1
    with psycopg.connect(other_url) as connection:
        readers: dict[str, int] = dict(connection.execute("SELECT reader, position FROM positions").fetchall())
        assert connection.execute("SELECT count(*) FROM uploads").fetchone() == (6,)  # one was erased, one is new
    last = len(whole_log(known_url))
    assert (readers["dispatcher"], readers["analytics"]) == (last, last)


def test_a_log_that_has_events_is_left_alone(known_url: str, tmp_path: Path) -> None:
    export(known_url, out := tmp_path / "events")
    before = whole_log(known_url)
    done = run(known_url, "events", "import", out)
    assert (done.exit_code, whole_log(known_url)) == (1, before)
    assert "empty database" in done.output


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (b"CONTENT_BLOCKED", b"CONTENT_ALLOWED", "is not the file of its manifest"),
        (b'"version":2', b'"version":x', "a line that is no event"),
        (b'"position":3,', b'"position":4,', "no whole log"),
    ],
)
def test_a_file_that_was_changed_is_refused_whole(
    known_url: str, other_url: str, tmp_path: Path, was: bytes, becomes: bytes, said: str
) -> None:
    export(known_url, out := tmp_path / "events")
    out.write_bytes(out.read_bytes().replace(was, becomes))
    if "manifest" not in said:
        (tmp_path / "events.manifest.json").unlink()

    done = run(other_url, "events", "import", out)
    assert (done.exit_code, whole_log(other_url)) == (1, [])
    assert said in done.output


def test_a_file_from_which_events_are_missing_is_refused(known_url: str, other_url: str, tmp_path: Path) -> None:
    export(known_url, some := tmp_path / "some", "--name", "upload.failed")
    export(known_url, late := tmp_path / "late", "--since", 21)
    lines = (whole := tmp_path / "whole").with_name("cut")
    export(known_url, whole)
    lines.write_bytes(b"".join(whole.read_bytes().splitlines(keepends=True)[1:]))

    said = {file.name: run(other_url, "events", "import", file).output for file in (some, late, lines)}
    assert "with filters" in said["some"]
    assert "Positions 1 to 20 are missing" in said["late"]
    assert "no whole log" in said["cut"]
    assert whole_log(other_url) == []
