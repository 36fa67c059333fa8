"""`darkroom events export`: the log as a file, whole, in order, and continued where it ended."""

import csv
from concurrent.futures import ThreadPoolExecutor
from errno import EIO
from hashlib import sha256
from io import StringIO
from pathlib import Path

import psycopg
import pytest

from projections.history import export as exporting
from projections.log.appending import APPEND_LOCK
from tests.integration.history.exports import export, lines, manifest, run, whole_log
from tests.integration.history.known import TUESDAY, streams
from tests.waiting import until

ODD = """
INSERT INTO event_log (upload_id, version, name, state) VALUES (gen_random_uuid(), 1, 'upload.odd',
    '{"event_id": "00000000-0000-4000-8000-000000000001", "actor": "a", "correlation_id": "c"}')
"""


def test_a_line_is_an_event_with_its_facts(known_url: str, tmp_path: Path) -> None:
    export(known_url, out := tmp_path / "events.ndjson")

    first = lines(out)[0]
    assert list(first) == [
        "position",
        "uploadId",
        "version",
        "name",
        "recordedAt",
        "eventId",
        "actor",
        "correlationId",
        "schemaVersion",
        "facts",
    ]
    assert first["recordedAt"] == "2026-11-02T10:00:00Z"
    assert (first["position"], first["version"], first["schemaVersion"]) == (1, 1, 1)
    assert set(first["facts"]) == {"session_hash", "original_sha256", "original_size", "prompt_version"}


def test_the_lines_are_the_log(known_url: str, tmp_path: Path) -> None:
    export(known_url, out := tmp_path / "events.ndjson")

    rebuilt = [
        (
            line["position"],
            line["name"],
            {
                **line["facts"],
                "schema_version": line["schemaVersion"],
                "event_id": line["eventId"],
                "actor": line["actor"],
                "correlation_id": line["correlationId"],
            },
        )
        for line in lines(out)
    ]
    assert rebuilt == [(row[0], row[3], row[5]) for row in whole_log(known_url)]


@pytest.mark.parametrize("only", [(), ("--name", "upload.failed"), ("--since", 7, "--until", 30)])
def test_spans_that_are_read_beside_each_other_come_in_their_order(
    known_url: str, tmp_path: Path, only: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(known_url) as connection:
        connection.execute("SELECT setval(pg_get_serial_sequence('event_log', 'position'), 100)")  # so many rolled back
        connection.execute(ODD)
    whole = export(known_url, tmp_path / "whole", *only)
    monkeypatch.setattr(exporting, "SPAN", 10)
    monkeypatch.setattr(exporting, "JOINED", 4)

    assert export(known_url, tmp_path / "spans", *only) == whole
    assert (tmp_path / "spans").read_bytes() == (tmp_path / "whole").read_bytes()


def test_the_manifest_says_what_the_file_holds(known_url: str, tmp_path: Path) -> None:
    found = export(known_url, out := tmp_path / "events.ndjson")

    events = sum(len(stream) for stream in streams())
    assert (found["first"], found["last"], found["count"], found["through"]) == (1, events, events, events)
    assert found["sha256"] == sha256(out.read_bytes()).hexdigest()
    assert "upload.submitted.v1" in found["schemas"]
    assert not list(tmp_path.glob("*.partial"))


def test_a_file_that_is_there_is_not_overwritten(known_url: str, tmp_path: Path) -> None:
    export(known_url, out := tmp_path / "events.ndjson")
    before = out.read_bytes()

    again = run(known_url, "events", "export", "--out", out)
    assert (again.exit_code, out.read_bytes()) == (2, before)
    assert "--resume" in again.output


@pytest.mark.parametrize("format_", ["ndjson", "csv"])
def test_what_is_resumed_is_what_one_export_would_have_written(known_url: str, tmp_path: Path, format_: str) -> None:
    half, whole = tmp_path / "half", tmp_path / "whole"
    export(known_url, half, "--format", format_)
    with psycopg.connect(known_url) as connection:
        connection.execute("SELECT nextval(pg_get_serial_sequence('event_log', 'position'))")  # it was rolled back
        connection.execute(ODD)
    export(known_url, half, "--format", format_, "--resume")
    export(known_url, whole, "--format", format_)

    assert half.read_bytes() == whole.read_bytes()
    assert manifest(half) == manifest(whole)


@pytest.mark.parametrize("cut", [0, 1, 200, 1000, 2345])
def test_an_export_that_was_cut_off_is_continued_to_the_byte(known_url: str, tmp_path: Path, cut: int) -> None:
    export(known_url, whole := tmp_path / "whole")
    torn = tmp_path / "torn"
    torn.with_name("torn.partial").write_bytes(whole.read_bytes()[:cut])

    export(known_url, torn, "--resume")
    assert torn.read_bytes() == whole.read_bytes()


def test_a_file_that_was_changed_is_not_continued(known_url: str, tmp_path: Path) -> None:
    export(known_url, out := tmp_path / "events.ndjson")
    out.write_bytes(out.read_bytes().replace(b"CONTENT_BLOCKED", b"CONTENT_ALLOWED"))

    done = run(known_url, "events", "export", "--out", out, "--resume")
    assert done.exit_code == 2
    assert "SHA-256" in done.output
    assert not list(tmp_path.glob("*.next"))


def test_a_file_is_continued_in_its_format_alone(known_url: str, tmp_path: Path) -> None:
    export(known_url, out := tmp_path / "events", "--format", "csv")
    done = run(known_url, "events", "export", "--out", out, "--resume")
    assert (done.exit_code, "is csv, and not ndjson. Resume it with --format csv" in done.output) == (2, True)


def test_only_what_was_asked_for_is_exported(known_url: str, tmp_path: Path) -> None:
    found = export(known_url, out := tmp_path / "some", "--name", "upload.failed", "--since", TUESDAY.isoformat())
    assert {line["name"] for line in lines(out)} == {"upload.failed"}
    assert found["count"] == 3

    found = export(known_url, out := tmp_path / "more", "--since", 3, "--until", 5)
    assert [line["position"] for line in lines(out)] == [3, 4, 5]
    assert found["through"] == 5


def test_a_name_that_no_event_has_is_refused(known_url: str, tmp_path: Path) -> None:
    done = run(known_url, "events", "export", "--out", tmp_path / "x", "--name", "upload.done")
    assert done.exit_code == 2
    assert "upload.submitted" in done.output


@pytest.mark.parametrize(
    ("since", "until"), [(7, 6), ("2026-11-03", "2026-11-02T10:00Z"), ("2026-11-03", "2026-11-03")]
)
def test_a_span_in_which_nothing_can_lie_is_refused(
    known_url: str, tmp_path: Path, since: object, until: object
) -> None:
    done = run(known_url, "events", "export", "--out", tmp_path / "x", "--since", since, "--until", until)
    assert (done.exit_code, "nothing lies between" in done.output) == (2, True), done.output
    assert not list(tmp_path.iterdir())


def test_a_position_that_the_log_has_not_reached_is_refused(known_url: str, tmp_path: Path) -> None:
    last = len(whole_log(known_url))
    for out in (tmp_path / "events.ndjson", tmp_path / "lake", "-"):
        done = run(
            known_url, "events", "export", "--out", f"{out}/" if out == tmp_path / "lake" else out, "--since", 9999
        )
        told = f"The log does not reach --since 9999 yet: it ends at {last}."
        assert (done.exit_code, told in done.output) == (2, True), done.output
    assert export(known_url, tmp_path / "next.ndjson", "--since", last + 1)["through"] == last


def test_a_time_that_is_still_to_come_is_refused(known_url: str, tmp_path: Path) -> None:
    done = run(known_url, "events", "export", "--out", tmp_path / "x.ndjson", "--since", "2999-01-01")
    told = "--since 2999-01-01 00:00:00+00:00 is still to come: it is 2"
    assert (done.exit_code, told in done.output) == (2, True), done.output
    assert export(known_url, tmp_path / "next.ndjson", "--until", "2999-01-01")["count"] == len(whole_log(known_url))


def test_a_parquet_file_without_its_manifest_never_appears(
    known_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise OSError(EIO, "killed here")

    with monkeypatch.context() as patched:
        patched.setattr("projections.history.parquet.write_manifest", killed)
        assert run(known_url, "events", "export", "--format", "parquet", "--out", tmp_path / "x.parquet").exit_code == 1

    assert not (tmp_path / "x.parquet").exists()
    assert export(known_url, tmp_path / "x.parquet", "--format", "parquet")["count"] == len(whole_log(known_url))


def test_a_folder_that_is_missing_is_named(known_url: str, tmp_path: Path) -> None:
    done = run(known_url, "events", "export", "--out", tmp_path / "none" / "x.ndjson")
    told = " ".join(done.output.replace("│", "").split())
    assert (done.exit_code, "does not exist. Make it" in told) == (2, True), done.output


def test_to_stdout_go_the_same_lines(known_url: str, tmp_path: Path) -> None:
    export(known_url, out := tmp_path / "events.ndjson")
    assert run(known_url, "events", "export", "--out", "-").stdout_bytes == out.read_bytes()


def test_a_time_may_have_any_offset_that_python_reads(known_url: str) -> None:
    everything = run(known_url, "events", "export", "--out", "-").stdout
    assert run(known_url, "events", "export", "--out", "-", "--since", "2000-01-01T00:00+23:59").stdout == everything
    too_early = run(known_url, "events", "export", "--out", "-", "--since", "0001-01-01T00:00+14:00")
    assert (too_early.exit_code, "is neither a position" in too_early.stderr) == (2, True)


def test_csv_has_a_line_of_names_and_quotes_the_facts(known_url: str, tmp_path: Path) -> None:
    export(known_url, out := tmp_path / "events.csv", "--format", "csv")
    rows = list(csv.DictReader(StringIO(out.read_text())))
    assert [int(row["position"]) for row in rows] == [row[0] for row in whole_log(known_url)]
    assert rows[0]["facts"].startswith("{")


def test_an_export_waits_for_a_writer_that_holds_an_earlier_position(known_url: str, tmp_path: Path) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    out = tmp_path / "events.ndjson"
    with psycopg.connect(known_url) as slow, psycopg.connect(known_url, autocommit=True) as fast:
        slow.execute("SELECT pg_advisory_xact_lock_shared(%s)", (APPEND_LOCK,))
        slow.execute(ODD)
        fast.execute(ODD)
        with ThreadPoolExecutor(1) as threads:
            found = threads.submit(export, known_url, out)
            until(lambda: fast.execute(waiting).fetchone() == (1,), "the export waits for the writer")
            slow.commit()
            assert found.result()["count"] == len(whole_log(known_url))
