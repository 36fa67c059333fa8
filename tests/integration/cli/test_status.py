"""`darkroom status`: where a job is, for the one that has its token."""

import json
import os
from subprocess import PIPE, Popen

import pytest
from click.testing import Result

from tests.fakes.darkroom import JOB_ID, RUN, TOKEN, FakeDarkroom, status
from tests.integration.cli.commands import CHECKOUT, MAIN, command

FAILED = status("failed", 30, errorCode="CONTENT_BLOCKED", errorMessage="The image model declined this photo.")


def ask(*arguments: str, stdin: str = "") -> Result:
    return command("status", JOB_ID, *arguments, stdin=stdin)


@pytest.mark.parametrize("arguments", [["--token", TOKEN], ["--token", "-"], []])
def test_a_status_is_shown_to_the_one_that_has_the_token(server: FakeDarkroom, arguments: list[str]) -> None:
    server.statuses.rotate(-3)
    result = ask("--server", server.url, *arguments, stdin=f"{TOKEN}\n")
    assert (result.exit_code, result.stdout) == (0, "processing: generating 70%, last moved 2026-01-02T03:04:06Z\n")
    assert len(server.requests) == 1


def test_a_status_can_be_watched_until_the_end(server: FakeDarkroom) -> None:
    result = ask("--server", server.url, "--token", TOKEN, "--watch")
    assert result.exit_code == 0
    assert result.stdout.startswith("completed: complete 100%")
    assert "storing 80%" in result.stderr


def test_a_status_as_json_is_what_the_server_said(server: FakeDarkroom) -> None:
    assert json.loads(ask("--server", server.url, "--token", TOKEN, "--json").stdout) == RUN[0]


def test_a_failed_status_ends_with_1() -> None:
    with FakeDarkroom(FAILED) as server:
        result = ask("--server", server.url, "--token", TOKEN)
    assert (result.exit_code, result.stderr) == (1, f"{FAILED['errorMessage']}\n")


def test_a_wrong_token_ends_with_1_and_the_server_s_sentence(server: FakeDarkroom) -> None:
    result = ask("--server", server.url, "--token", "x")
    assert (result.exit_code, result.stderr) == (1, "Send the session token of this upload.\n")


def test_on_a_terminal_the_token_is_asked_for_and_not_shown(server: FakeDarkroom) -> None:
    keyboard, terminal = os.openpty()
    process = Popen(
        [*MAIN, "status", JOB_ID, "--server", server.url],
        stdin=terminal,
        stdout=PIPE,
        stderr=PIPE,
        text=True,
        start_new_session=True,  # without a terminal of our own that it could ask instead
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    assert process.stderr
    prompt = "Session token: "
    assert process.stderr.read(len(prompt)) == prompt
    os.write(keyboard, f"{TOKEN}\n".encode())  # not before: what is typed ahead is thrown away
    shown, rest = process.communicate(timeout=20)
    os.close(keyboard)
    os.close(terminal)
    assert (process.returncode, rest) == (0, "\n")
    assert shown.startswith("pending: waiting 0%")


def test_a_status_without_a_token_or_with_a_malformed_id_is_wrong_usage(server: FakeDarkroom) -> None:
    assert ask("--server", server.url).exit_code == 2
    assert command("status", "seven", "--token", "x").exit_code == 2
    assert server.requests == []
