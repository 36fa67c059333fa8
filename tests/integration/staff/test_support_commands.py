"""`darkroom timeline` and `darkroom verify` over a real log: what they show, and their exit codes."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result

from app.cli import darkroom
from app.cli.timeline import timeline as timeline_command
from app.cli.verify import verify as verify_command
from app.embedded.data_folder import DataFolder
from domain.failures import FailureCode
from domain.staff import StaffRequest
from domain.stages import Stage
from domain.upload import Upload
from tests.lives import Lives
from tests.submissions import WORKER

CLOSED = "postgresql://absent@127.0.0.1:1/nothing"


def timeline(*arguments: object, columns: int = 200) -> Result:
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(timeline_command, [str(argument) for argument in arguments])


def verify(*arguments: object) -> Result:
    return CliRunner().invoke(verify_command, [str(argument) for argument in arguments])


def one_line(text: str) -> str:
    """Without the frames and line breaks that the command line draws."""
    return " ".join(text.replace("│", " ").split())


def width(text: str) -> int:
    """How many columns it takes."""
    return max(map(len, text.splitlines()))


def attempt_failed(lives: Lives) -> str:
    """An upload that failed after everything that can happen to one."""
    upload_id = lives.failed(Stage.GENERATING, FailureCode.NO_IMAGE_GENERATED)
    lives.uploads.execute(upload_id, Upload.retry, by="staff:ada")
    return str(upload_id)


def test_a_timeline_shows_each_event_with_its_stage_attempt_actor_and_code(lives: Lives, data: Path) -> None:
    result = timeline(attempt_failed(lives), "--data", data)
    assert result.exit_code == 0, result.output
    rows = [one_line(line.replace("┃", "│")).split() for line in result.stdout.splitlines() if "│" in line]
    assert [row[4:] for row in rows] == [
        ["submitted", f"session:{lives.log.history(next(iter(ids(lives))))[0].event.actor.partition(':')[2]}"],
        ["attempt-started", "1", WORKER],
        ["stage-advanced", "validating", "10%", "1", WORKER],
        ["stage-advanced", "generating", "30%", "1", WORKER],
        ["failed", "generating", "1", "NO_IMAGE_GENERATED", WORKER],
        ["retried", "staff:ada"],
    ]
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert rows[0][2] == "+0.000"


def ids(lives: Lives) -> set[UUID]:
    return {logged.upload_id for logged in lives.log.read(0, 1000)}


def test_a_timeline_ends_with_the_status_and_how_long_it_took(lives: Lives, data: Path) -> None:
    result = timeline(lives.complete(), "--data", data)
    assert "completed: 100% after 0." in result.stdout


def test_a_timeline_draws_its_time_as_bars_and_tells_what_staff_wrote(lives: Lives, data: Path) -> None:
    upload_id = lives.failed(Stage.GENERATING)
    lives.uploads.execute(upload_id, Upload.retry, by="staff:ada", request=StaffRequest("It may work now."))
    lives.uploads.execute(
        upload_id, Upload.note, by="staff:ada", request=StaffRequest("The owner will call on Monday.")
    )

    lines = timeline(upload_id, "--data", data).stdout.splitlines()
    drawn = [line.split()[0] for line in lines if "█" in line]
    assert drawn[:4] == ["waiting", "held", "validating", "generating"]
    assert lines[-2:] == [
        "6 retried, staff:ada: It may work now.",
        "7 noted, staff:ada: The owner will call on Monday.",
    ]


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_a_timeline_fits_the_screen_and_shows_each_event_whole(lives: Lives, data: Path, columns: int) -> None:
    upload_id = lives.complete()
    result = timeline(upload_id, "--data", data, columns=columns)
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= columns
    events = [logged.name.removeprefix("upload.") for logged in lives.log.history(upload_id)]
    shown = [line for line in lines if ":" in line and "+" in line]
    assert len(shown) == len(events)
    assert all(f" {event} " in line for event, line in zip(events, shown, strict=True))


def test_on_80_columns_the_code_of_a_failure_stands_below_its_event(lives: Lives, data: Path) -> None:
    upload_id = lives.failed(Stage.GENERATING, FailureCode.GENERATION_UNAVAILABLE)
    lines = timeline(upload_id, "--data", data, columns=80).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.strip() for line in lines].count("GENERATION_UNAVAILABLE") == 1


def test_what_gives_way_first_is_an_empty_column_then_the_times(lives: Lives, data: Path) -> None:
    upload_id = lives.complete()
    full = timeline(upload_id, "--data", data).stdout
    no_empty = timeline(upload_id, "--data", data, columns=width(full) - 1).stdout
    short = timeline(upload_id, "--data", data, columns=width(no_empty) - 1).stdout
    assert " code " in full.splitlines()[2]
    assert " code " not in no_empty
    assert re.search(r"[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} .*[0-9]{3} s ", no_empty)
    assert not re.search(r"[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} ", short)
    assert re.search(r" [0-9]{2}:[0-9]{2}:[0-9]{2} ", short)


def test_a_timeline_is_found_by_the_beginning_of_the_id(lives: Lives, data: Path) -> None:
    upload_id = str(lives.complete())
    for beginning in (upload_id[:8], upload_id[:13].upper(), upload_id.replace("-", "")[:20]):
        assert upload_id in timeline(beginning, "--data", data).stdout.splitlines()[0]


def test_a_beginning_of_several_ids_is_wrong_usage_and_names_some(lives: Lives, data: Path) -> None:
    found: dict[str, list[str]] = {}
    while max(map(len, found.values()), default=0) < 2:  # 17 uploads at most: a first digit has 16 values
        upload_id = str(lives.submitted())
        found.setdefault(upload_id[0], []).append(upload_id)
    digit, ids = next((digit, ids) for digit, ids in found.items() if len(ids) == 2)
    result = timeline(digit, "--data", data)
    assert result.exit_code == 2
    said = "".join(one_line(result.stderr).split())
    assert all(upload_id in said for upload_id in ids)


def test_a_beginning_of_no_id_ends_with_1(lives: Lives, data: Path) -> None:
    result = timeline("abcdef01", "--data", data)
    assert lives.log.last_position() == 0
    assert (result.exit_code, result.stderr) == (1, "There is no upload that begins with 'abcdef01' in this log.\n")


def test_a_timeline_as_json_has_the_facts_of_each_event(lives: Lives, data: Path) -> None:
    upload_id = lives.failed(Stage.VALIDATING)
    events = json.loads(timeline(upload_id, "--data", data, "--json").stdout)
    assert [event["version"] for event in events] == [1, 2, 3, 4]
    assert events[-1]["name"] == "upload.failed"
    assert events[-1]["facts"]["code"] == "NO_IMAGE_GENERATED"
    assert events[0]["recordedAt"].endswith("Z")


def test_a_timeline_shows_what_cannot_be_read_too(lives: Lives, data: Path) -> None:
    upload_id = lives.submitted()
    lives.insert(upload_id, 2, "upload.teleported", stage="nowhere")
    result = timeline(upload_id, "--data", data)
    assert result.exit_code == 0
    assert "teleported" in result.stdout
    assert "they cannot be folded" in result.stdout


def test_a_timeline_of_an_unknown_upload_ends_with_1(lives: Lives, data: Path) -> None:
    unknown = uuid4()
    result = timeline(unknown, "--data", data)
    assert lives.log.last_position() == 0
    assert (result.exit_code, result.stderr) == (1, f"There is no upload {unknown} in this log.\n")


@pytest.mark.parametrize("command", [timeline, verify])
def test_without_a_running_service_it_ends_with_2_and_says_how_to_start_one(
    command: Callable[..., Result], data: Path
) -> None:
    arguments = [uuid4()] if command is timeline else []
    result = command(*arguments, "--data", data)
    assert result.exit_code == 2
    assert "Start it: darkroom up --data" in one_line(result.stderr)


def test_a_malformed_id_is_wrong_usage(data: Path) -> None:
    assert timeline("seven", "--data", data).exit_code == 2


@pytest.mark.parametrize("command", [timeline, verify])
def test_a_log_that_cannot_be_reached_ends_with_2(
    command: Callable[..., Result], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.log.pools.POOL_SECONDS", 0.3)
    arguments = [uuid4()] if command is timeline else []
    with DataFolder(data) as folder:
        folder.announce(server_url="http://127.0.0.1:1", database_url=CLOSED, redis_url="unix:///nowhere")
        result = command(*arguments, "--data", data)
    assert result.exit_code == 2
    assert "The event log does not answer" in result.stderr


def test_where_everything_holds_verify_says_so_and_ends_with_0(lives: Lives, data: Path) -> None:
    lives.complete()
    lives.failed(Stage.GENERATING)
    lives.project()
    result = verify("--data", data)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("0 violations. Checked 2 uploads, 14 events, 2 objects in ")


def test_each_violation_is_one_line_and_verify_ends_with_1(lives: Lives, data: Path) -> None:
    broken, missing = lives.submitted(), lives.complete()
    lives.project()
    lives.execute("UPDATE uploads SET attempt = 5 WHERE upload_id = %s", broken)
    for key in lives.store.keys(str(missing)):
        lives.store.delete(key)
    result = verify("--data", data)
    *lines, summary = result.stdout.splitlines()
    assert result.exit_code == 1
    assert f"invariant 4: upload {broken}: uploads.attempt is 5, the log says 0." in lines
    assert sum(line.startswith(f"invariant 6: upload {missing}: ") for line in lines) == 2
    assert summary.startswith("3 violations.")


def test_objects_of_no_upload_are_a_note(lives: Lives, data: Path) -> None:
    lives.complete()
    lives.project()
    (data / "objects" / "lost").mkdir()
    (data / "objects" / "lost" / "thing").write_bytes(b"")
    result = verify("--data", data)
    assert result.exit_code == 0
    assert "note: 1 folder of objects belongs to no upload; lost/thing is in one." in result.stdout


def test_a_backup_into_a_folder_that_cannot_be_made_says_so(lives: Lives, data: Path) -> None:
    assert lives.submitted()
    result = CliRunner().invoke(darkroom, ["backup", "/proc/backup", "--data", str(data)])
    assert result.exit_code == 1
    assert result.stderr.startswith("/proc/backup cannot be used: ")


@pytest.mark.parametrize(
    "command",
    [
        "verify",
        "timeline 3f0c6f0e",
        "events head",
        "events proof 3f0c6f0e-0000-4000-8000-000000000000",
        "events export --out {data}/events.ndjson",
        "history list",
        "project --check",
        "staff list",
        "audit --since 1d",
        "backup {data}/backup",
    ],
)
def test_a_database_without_the_schema_ends_with_2(empty_database_url: str, data: Path, command: str) -> None:
    with DataFolder(data) as folder:
        folder.announce(server_url="http://127.0.0.1:1", database_url=empty_database_url, redis_url="unix:///nowhere")
        (data / "objects").mkdir()
        arguments = [argument.format(data=data) for argument in command.split()]
        result = CliRunner().invoke(darkroom, [*arguments, "--data", str(data)])
    assert result.exit_code == 2, result.output
    assert "Run `darkroom migrate` first." in result.stderr
