"""`darkroom result`, `cancel` and `retry`: what the machine that sent a photo may do with its job."""

import json
from pathlib import Path

import pytest

from tests.fakes.darkroom import JOB_ID, PICTURE, RUN, TOKEN, FakeDarkroom, status
from tests.integration.cli.commands import command, one_line, submit

FAILED = status("failed", 30, errorCode="CONTENT_BLOCKED", errorMessage="The image model declined this photo.")


def test_a_result_is_saved_to_the_file_that_is_named(server: FakeDarkroom, folder: Path) -> None:
    submit("--server", server.url, "--out", "first.jpg")
    (folder / "print.jpg").write_bytes(b"mine")
    result = command("result", "6f1c", "-o", "print.jpg", "--server", server.url)
    assert (result.exit_code, result.stdout) == (0, "Saved print.jpg\n")
    assert (folder / "print.jpg").read_bytes() == PICTURE


def test_a_result_without_a_name_replaces_nothing(server: FakeDarkroom, folder: Path) -> None:
    submit("--server", server.url, "--out", "first.jpg")
    (folder / "6f1c2c1e-darkroom.jpg").write_bytes(b"mine")
    result = command("result", JOB_ID, "--server", server.url)
    assert result.stdout == "Saved 6f1c2c1e-darkroom-2.jpg\n"
    assert (folder / "6f1c2c1e-darkroom.jpg").read_bytes() == b"mine"


def test_a_result_can_go_to_stdout(server: FakeDarkroom) -> None:
    submit("--server", server.url)
    assert command("result", "6f1c", "-o", "-", "--server", server.url).stdout_bytes == PICTURE


def test_a_result_that_is_not_there_yet_ends_with_1_and_says_how_to_wait() -> None:
    with FakeDarkroom(RUN[2]) as server:
        result = command("result", JOB_ID, "--token", TOKEN, "--server", server.url)
    assert result.exit_code == 1
    assert result.stderr == (
        "The job is not done: generating 30%. To wait for it:\n"
        f"  darkroom status {JOB_ID} --watch --server {server.url}\n"
    )


def test_a_job_that_failed_has_no_result_and_says_why() -> None:
    with FakeDarkroom(FAILED) as server:
        result = command("result", JOB_ID, "--token", TOKEN, "--server", server.url)
    assert (result.exit_code, result.stderr) == (1, f"There is no picture: {FAILED['errorMessage']}\n")


def test_a_folder_that_does_not_exist_is_wrong_usage(server: FakeDarkroom) -> None:
    result = command("result", JOB_ID, "-o", "no/where.jpg", "--server", server.url)
    assert result.exit_code == 2
    assert "The folder no does not exist. Make it first." in one_line(result.stderr)
    assert server.requests == []


def test_a_result_that_cannot_be_saved_says_so(server: FakeDarkroom, folder: Path) -> None:
    submit("--server", server.url)
    (folder / ".print.jpg.half").mkdir()
    result = command("result", JOB_ID, "-o", "print.jpg", "--server", server.url)
    assert result.exit_code == 1
    assert result.stderr == "The picture could not be saved to .print.jpg.half: Is a directory.\n"


def test_a_job_that_runs_can_be_cancelled() -> None:
    with FakeDarkroom(RUN[2]) as server:
        command("submit", "holiday.jpg", "--no-wait", "--server", server.url)
        result = command("cancel", "6f1c", "--server", server.url)
        ((headers, body),) = server.asked("POST", f"/api/uploads/{JOB_ID}/cancel")
    assert (result.exit_code, result.stdout) == (0, "failed: cancelled 30%, last moved 2026-01-02T03:04:06Z\n")
    assert (headers["X-Session-Token"], body) == (TOKEN, b"")


def test_a_job_that_failed_can_be_retried() -> None:
    with FakeDarkroom(FAILED) as server:
        submit("--server", server.url)
        result = command("retry", "6f1c", "--server", server.url, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["attempt"] == 2
    assert f"darkroom status {JOB_ID} --watch --server {server.url}" in result.stderr


@pytest.mark.parametrize(("name", "state"), [("cancel", FAILED), ("retry", RUN[2])])
def test_what_the_state_forbids_ends_with_1_and_the_server_s_sentence(name: str, state: dict[str, object]) -> None:
    with FakeDarkroom(state) as server:
        result = command(name, JOB_ID, "--token", TOKEN, "--server", server.url)
    assert (result.exit_code, result.stderr) == (1, "It is too late, or too early, for that.\n")


@pytest.mark.parametrize("name", ["result", "cancel", "retry", "status"])
def test_another_session_s_job_ends_with_1(server: FakeDarkroom, name: str) -> None:
    other = JOB_ID.replace("6f", "70")
    result = command(name, other, "--token", TOKEN, "--server", server.url)
    assert (result.exit_code, result.stderr) == (1, "There is no such upload in this session.\n")


@pytest.mark.parametrize("name", ["result", "cancel", "retry", "status"])
def test_a_malformed_id_is_wrong_usage(name: str) -> None:
    result = command(name, "seven")
    assert result.exit_code == 2
    assert "'seven' is neither the id of a job" in result.stderr
