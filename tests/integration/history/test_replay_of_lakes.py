"""Replay of a lake: in the order of the log, only the parts that are asked for, and from a bucket."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from projections.history.manifest import ExportError
from projections.history.replay import replay
from tests.integration.history.exports import run
from tests.integration.history.known import MONDAY, TUESDAY, insert, streams
from tests.s3_server import BUCKET, running_s3_server

MIDNIGHT = (MONDAY + timedelta(days=3)).replace(hour=0)


def export(url: str, lake: Path | str, *options: object) -> None:
    done = run(url, "events", "export", "--out", lake, *options)
    assert done.exit_code == 0, done.output


@pytest.fixture
def lake(known_url: str, tmp_path: Path) -> Path:
    """The known history."""
    (folder := tmp_path / "lake").mkdir()
    export(known_url, folder)
    return folder


def test_events_of_midnight_come_in_the_order_of_the_log(database_url: str, tmp_path: Path) -> None:
    stream = max(streams(), key=len)
    with psycopg.connect(database_url) as connection:
        for number, (event, _) in enumerate(stream):
            # Writers take their positions and their times one after the other: this one was in between.
            insert(connection, event, MIDNIGHT + timedelta(seconds=number - 4 + (2 if number % 2 else -2)))
    export(database_url, f"{tmp_path}/lake/")
    first, second = sorted((tmp_path / "lake").rglob("*.parquet"))
    assert first.stem.split("-")[2] > second.stem.split("-")[1], "the parts do not overlap"

    replayed = list(replay(tmp_path / "lake"))
    assert [logged.position for logged in replayed] == list(range(1, len(stream) + 1))
    assert [logged.event for logged in replayed] == [event for event, _ in stream]
    assert [logged.position for logged in replay(tmp_path / "lake", 3, 5)] == [3, 4, 5]


def test_parts_that_are_not_asked_for_are_not_read(lake: Path) -> None:
    events = list(replay(lake))
    monday, tuesday = sorted(lake.rglob("*.parquet"))
    monday.unlink()
    later = [logged for logged in events if logged.recorded_at >= TUESDAY]
    assert later
    assert list(replay(lake, TUESDAY)) == later
    assert list(replay(lake, later[0].position)) == later
    tuesday.unlink()
    assert list(replay(lake, MONDAY - timedelta(days=2), MONDAY - timedelta(days=1))) == []


def test_a_part_that_is_gone_or_torn_is_told(lake: Path) -> None:
    part = min(lake.rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(ExportError, match=f"{part.name}.* cannot be read"):
        list(replay(lake))
    part.unlink()
    with pytest.raises(ExportError, match=f"{part.name} is gone from"):
        list(replay(lake))
    (lake / "_manifest.json").unlink()
    with pytest.raises(ExportError, match=r"is no lake: it has no _manifest\.json"):
        list(replay(lake))


def test_a_lake_in_a_bucket_is_replayed(known_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_s3_server() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        export(known_url, f"s3://{BUCKET}/exports")
        endpoint = urlsplit(server.environ["S3_ENDPOINT_URL"])
        address = f"s3://{BUCKET}/exports?scheme=http&endpoint_override={endpoint.netloc}&region=auto"
        assert list(replay(address)) == list(replay(known_url))
        with pytest.raises(ExportError, match="is no lake"):
            list(replay(address.replace("exports", "nothing")))
