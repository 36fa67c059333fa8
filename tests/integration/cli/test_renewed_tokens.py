"""A token that the server renews takes the place of the kept one, for every job of its session."""

import json
from pathlib import Path

import pytest

from app.cli.jobs.client import Job
from app.cli.jobs.tokens import TokenFile
from tests.fakes.darkroom import JOB_ID, RUN, TOKEN, FakeDarkroom
from tests.integration.cli.commands import command, submit

RENEWED = "c2Vzc2lvbg.aTime.anotherSignature"
SIBLING_ID = "6f1cffff-6a43-4c6e-9d0a-0f7f2f8f1d11"
OTHER_ID = "7f1cffff-6a43-4c6e-9d0a-0f7f2f8f1d11"


def kept(server: FakeDarkroom, beginning: str = "") -> dict[str, str]:
    return {job.id: job.session_token for job in TokenFile(server.url).beginning_with(beginning)}


@pytest.fixture
def aged(server: FakeDarkroom) -> FakeDarkroom:
    """A server that renews the token with which this machine has sent a job, beside another one and one of others."""
    submit("--server", server.url)
    TokenFile(server.url).keep(Job(SIBLING_ID, TOKEN))
    TokenFile(server.url).keep(Job(OTHER_ID, "b3RoZXI.signature"))
    server.renewed = RENEWED
    return server


@pytest.mark.parametrize("words", [("status",), ("status", "--watch"), ("result",)])
def test_a_renewed_token_is_kept_for_every_job_of_its_session(aged: FakeDarkroom, words: tuple[str, ...]) -> None:
    assert command(*words, JOB_ID, "--server", aged.url).exit_code == 0
    assert kept(aged) == {JOB_ID: RENEWED, SIBLING_ID: RENEWED, OTHER_ID: "b3RoZXI.signature"}

    command("status", JOB_ID, "--server", aged.url)
    assert aged.requests[-1][2]["X-Session-Token"] == RENEWED


def test_a_command_of_the_owner_keeps_it_too(aged: FakeDarkroom) -> None:
    aged.statuses.clear()
    aged.statuses.append(RUN[2])
    assert command("cancel", JOB_ID, "--server", aged.url).exit_code == 0
    assert kept(aged)[JOB_ID] == RENEWED


def test_one_that_watches_goes_on_with_it_and_keeps_it_once(tokens: Path) -> None:
    with FakeDarkroom() as server:
        command("submit", "holiday.jpg", "--no-wait", "--server", server.url)
        server.renewed = RENEWED
        assert command("status", JOB_ID, "--watch", "--server", server.url).exit_code == 0
        sent = [headers["X-Session-Token"] for headers, _ in server.asked("GET", "/api/status/")]
        assert sent == [TOKEN] + [RENEWED] * (len(sent) - 1)
        assert len(sent) > 2
    (file,) = tokens.iterdir()
    assert len(file.read_text().splitlines()) == 2
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_renewed_one_is_shown_where_a_token_is_asked_for_and_nowhere_else(aged: FakeDarkroom) -> None:
    assert RENEWED not in command("result", JOB_ID, "-o", "print.jpg", "--server", aged.url).output
    shown = command("status", JOB_ID, "--token", TOKEN, "--show-token", "--json", "--server", aged.url)
    assert json.loads(shown.stdout)["sessionToken"] == RENEWED


def test_a_token_of_another_session_takes_no_place(aged: FakeDarkroom) -> None:
    aged.renewed = "b3RoZXI.aTime.signature"
    assert command("status", JOB_ID, "--server", aged.url).exit_code == 0
    assert kept(aged, "6") == {JOB_ID: TOKEN, SIBLING_ID: TOKEN}


def test_a_job_that_this_machine_did_not_send_is_not_kept(server: FakeDarkroom) -> None:
    submit("--server", server.url)
    TokenFile(server.url).path.unlink()
    server.renewed = RENEWED
    assert command("status", JOB_ID, "--token", TOKEN, "--server", server.url).exit_code == 0
    assert kept(server) == {}


def test_where_it_cannot_be_kept_the_command_goes_on_and_says_so(
    aged: FakeDarkroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "tokens")

    monkeypatch.setattr(TokenFile, "_add", full)
    result = command("status", JOB_ID, "--server", aged.url)
    assert result.exit_code == 0
    assert "A renewed session token cannot be kept: tokens: No space left on device." in result.stderr
