"""Replay from Python: the same typed events from a live log and from a file, and the example on the analysts' page."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.fold import evolve
from domain.upload import Upload
from projections.history.manifest import ExportError
from projections.history.replay import fold_by_upload, replay
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.pools import open_pool
from tests.house.the_house import ROOT, blocks
from tests.integration.history import made
from tests.integration.history.exports import export, run
from tests.integration.history.known import TUESDAY, folded, streams

PICTURE = Path(__file__).parent / "silences.svg"


@pytest.fixture(params=["log", "ndjson", "csv", "parquet", "lake"])
def source(request: pytest.FixtureRequest, known_url: str, tmp_path: Path) -> str:
    """The known history, as a log, as files and as a lake."""
    if request.param == "log":
        return known_url
    if request.param == "lake":
        assert run(known_url, "events", "export", "--out", f"{tmp_path}/lake/").exit_code == 0
        return str(tmp_path / "lake")
    export(known_url, out := tmp_path / "events", "--format", request.param)
    return str(out)


def test_the_events_are_those_that_were_appended(source: str) -> None:
    expected = sorted((pair for stream in streams() for pair in stream), key=lambda pair: pair[1])
    assert [(logged.event, logged.recorded_at) for logged in replay(source, progress=True)] == expected


def test_only_what_was_asked_for_is_replayed(source: str) -> None:
    assert [logged.position for logged in replay(source, 3, 5)] == [3, 4, 5]
    later = list(replay(source, TUESDAY, TUESDAY + timedelta(minutes=1), names=["upload.failed"]))
    assert [(logged.name, logged.recorded_at) for logged in later] == [
        ("upload.failed", TUESDAY + timedelta(seconds=8))
    ]


@pytest.mark.parametrize(
    "moment",
    ["2026-11-03", "2026-11-03T00:00Z", TUESDAY.date(), datetime(2026, 11, 3), datetime(2026, 11, 3, tzinfo=UTC)],  # noqa: DTZ001 - as in a notebook
)
def test_a_time_may_be_text_or_a_date_and_is_in_utc(source: str, moment: str | date) -> None:
    later = [logged.position for logged in replay(source) if logged.recorded_at >= TUESDAY.replace(hour=0, minute=0)]
    assert [logged.position for logged in replay(source, moment)] == later
    assert [logged.position for logged in replay(source, str(later[0]))] == later


@pytest.mark.parametrize("names", [["upload.fialed"], "upload.failed"], ids=["misspelt", "no list"])
def test_a_name_that_no_event_has_is_refused(source: str, names: Sequence[str]) -> None:
    with pytest.raises(ExportError, match="No event is named"):
        list(replay(source, names=names))


@pytest.mark.parametrize("moment", ["yesterday", 3.5])
def test_what_is_no_moment_is_refused(source: str, moment: object) -> None:
    with pytest.raises(ExportError, match="is neither a position"):
        list(replay(source, moment))  # type: ignore[arg-type] # a notebook knows no types


def test_a_fold_by_upload_gives_the_state_of_each(source: str) -> None:
    def step(upload: Upload | None, logged: LoggedEvent) -> Upload:
        return evolve(upload, logged.event)

    assert fold_by_upload(replay(source), step) == folded()


def test_a_log_is_replayed_as_it_is_read(known_url: str) -> None:
    with open_pool(known_url, 1, "test") as pool:
        rows = EventLog(pool).read(0, 1000)
    replayed = list(replay(known_url))
    assert [(logged.position, logged.facts) for logged in replayed] == [(row.position, row.facts) for row in rows]


def test_a_file_that_is_no_export_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("{}\n")
    with pytest.raises(ExportError, match="a line that is no event"):
        list(replay(tmp_path / "x"))


def test_the_example_of_the_page_computes_what_it_says(
    known_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(known_url, tmp_path / "events.ndjson")
    monkeypatch.chdir(tmp_path)
    (example,) = blocks((ROOT / "projections/history/README.md").read_text(), "python")
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - the example itself
    assert names["silences"] == [timedelta(seconds=10), timedelta(seconds=30)]


def test_the_picture_of_the_page_is_what_the_example_finds(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.fill(database_url)
    export(database_url, tmp_path / "events.ndjson")
    monkeypatch.chdir(tmp_path)
    (example,) = blocks((ROOT / "projections/history/README.md").read_text(), "python")
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - the example itself
    assert made.histogram(names["silences"]) == PICTURE.read_text()
