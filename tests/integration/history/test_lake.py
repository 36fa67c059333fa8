"""A lake of Parquet files by day: appended to, read by DuckDB as it lies, whole after a cut, and imported."""

from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import duckdb
import msgspec
import pytest

from app.storage.s3 import S3Store, s3_client
from domain.uploads import Uploads
from projections.history.export import connect, settled
from projections.history.form import Scope
from projections.history.lake import appending
from projections.history.lake.appending import Lake
from projections.history.lake.folder import LocalFolder
from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from tests.fakes.silent_notifier import SilentNotifier
from tests.integration.history.exports import run, whole_log
from tests.integration.history.known import MONDAY, TUESDAY, streams
from tests.s3_server import BUCKET, S3Server, running_s3_server
from tests.submissions import submit

EVENTS: Final = sum(len(stream) for stream in streams())
QUERY: Final = "SELECT {} FROM read_parquet('{}/**/*.parquet', hive_partitioning = true)"


def export(url: str, lake: Path | str, *options: object) -> str:
    done = run(url, "events", "export", "--out", lake, *options)
    assert done.exit_code == 0, done.output
    return done.output


def manifest(lake: Path) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode((lake / "_manifest.json").read_bytes())
    return found


def ask(lake: Path, columns: str, rest: str = "") -> list[tuple[Any, ...]]:
    return duckdb.execute(f"{QUERY.format(columns, lake)} {rest}").fetchall()


def append_one(url: str) -> None:
    with open_pool(url, 1, "test") as pool:
        submit(Uploads(EventLog(pool), SilentNotifier()))


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    (folder := tmp_path / "lake").mkdir()
    return folder


def test_duckdb_reads_it_as_it_lies(known_url: str, lake: Path) -> None:
    export(known_url, lake)

    by_day = ask(lake, "day, count(*)", "GROUP BY day ORDER BY day")
    expected = [sum(at.date() == day.date() for stream in streams() for _, at in stream) for day in (MONDAY, TUESDAY)]
    assert by_day == [(MONDAY.date(), expected[0]), (TUESDAY.date(), expected[1])]
    rows = ask(lake, "position, uploadId::uuid, version, name, recordedAt", "ORDER BY position")
    assert rows == [row[:5] for row in whole_log(known_url)]
    codes = ask(lake, "facts ->> 'code'", "WHERE name = 'upload.failed' ORDER BY position")
    assert [code for (code,) in codes] == ["CONTENT_BLOCKED", "CANCELLED", "IMAGE_TRUNCATED"]


def test_the_next_export_appends_what_came_since(known_url: str, lake: Path) -> None:
    export(known_url, lake, "--until", 20)
    before = {file: file.read_bytes() for file in lake.rglob("*.parquet")}
    export(known_url, f"{lake}/")
    append_one(known_url)
    export(known_url, lake)
    export(known_url, lake)  # nothing came

    assert all(file.read_bytes() == content for file, content in before.items())
    assert ask(lake, "position", "ORDER BY 1") == [(row[0],) for row in whole_log(known_url)]
    assert manifest(lake)["count"] == EVENTS + 1


def test_the_manifest_says_what_each_part_holds(known_url: str, lake: Path) -> None:
    export(known_url, lake)

    found = manifest(lake)
    assert (found["first"], found["last"], found["through"], found["count"]) == (1, EVENTS, EVENTS, EVENTS)
    assert found["seal"]["last"] == EVENTS
    for part in found["parts"]:
        content = (lake / part["path"]).read_bytes()
        assert part["sha256"] == sha256(content).hexdigest()
    lines = "".join(f"{part['sha256']}  {part['path']}\n" for part in found["parts"])
    assert found["sha256"] == sha256(lines.encode()).hexdigest()


class _Cut(LocalFolder):
    """A folder that takes so many files and then no more."""

    left = 0

    def put(self, key: str, body: BinaryIO, media_type: str) -> None:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        super().put(key, body, media_type)


@pytest.mark.parametrize("left", range(10))
def test_an_export_that_was_cut_off_goes_on_and_has_no_event_twice(
    known_url: str, lake: Path, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "CHUNK", 12)
    store = _Cut(lake)
    store.left = left
    cut = Lake(store, "", Scope())
    with connect(known_url) as connection, pytest.raises(KeyboardInterrupt):
        cut.append(connection, cut.open(), settled(connection), lambda _: None, lambda _: None)
    append_one(known_url)
    export(known_url, lake)

    assert ask(lake, "position", "ORDER BY 1") == [(row[0],) for row in whole_log(known_url)]
    assert not list(lake.rglob("*.partial")) or left == 0


def test_it_is_imported_to_the_same_log(known_url: str, lake: Path, empty_database_url: str) -> None:
    export(known_url, lake, "--until", 20)
    export(known_url, lake)

    assert run(empty_database_url, "events", "import", lake).exit_code == 0
    assert whole_log(empty_database_url) == whole_log(known_url)


def test_a_part_that_was_changed_is_not_imported(known_url: str, lake: Path, empty_database_url: str) -> None:
    export(known_url, lake)
    part = lake / manifest(lake)["parts"][0]["path"]
    duckdb.sql(f"COPY (SELECT * REPLACE ('x' AS actor) FROM read_parquet('{part}')) TO '{part}' (FORMAT parquet)")

    done = run(empty_database_url, "events", "import", lake)
    assert (done.exit_code, "not the file of its manifest" in done.output) == (1, True)


def test_a_lake_is_continued_only_as_it_was_begun(known_url: str, lake: Path) -> None:
    export(known_url, lake, "--name", "upload.failed")

    done = run(known_url, "events", "export", "--out", lake)
    assert (done.exit_code, "other filters" in done.output) == (2, True)
    (lake / manifest(lake)["parts"][0]["path"]).unlink()
    done = run(known_url, "events", "export", "--out", lake, "--name", "upload.failed")
    assert (done.exit_code, "is gone from the lake" in done.output) == (2, True)


def test_what_is_no_lake_is_told(known_url: str, lake: Path) -> None:
    for out, option in ((lake, "--format=ndjson"), ("s3://", "--resume"), ("s3://bucket/a b", "--resume")):
        assert run(known_url, "events", "export", "--out", out, option).exit_code == 2
    assert "is no lake" in run(known_url, "events", "import", lake).output


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3Server]:
    with running_s3_server() as server:
        yield server


def test_a_bucket_holds_the_same_lake_and_the_objects_may_be_elsewhere(
    known_url: str, lake: Path, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_server.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("S3_BUCKET")
    address = f"s3://{BUCKET}/exports/events"
    export(known_url, address, "--until", 20)
    export(known_url, address)

    store, copy = S3Store(s3_client(s3_server.settings), BUCKET), LocalFolder(lake)
    for key in store.keys("exports/events/"):
        copy.put(key.removeprefix("exports/events/"), BytesIO(store.get(key)), "")
    assert ask(lake, "position", "ORDER BY 1") == [(row[0],) for row in whole_log(known_url)]
    assert manifest(lake)["through"] == EVENTS
