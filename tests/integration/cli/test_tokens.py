"""Session tokens are kept in a file of their server, which only its owner may read, and printed only when asked for."""

import json
from pathlib import Path

import pytest

from app.cli.jobs.client import Job
from app.cli.jobs.tokens import TokenFile, servers_that_know
from tests.fakes.darkroom import JOB_ID, TOKEN, FakeDarkroom
from tests.integration.cli.commands import command, one_line, submit

OTHER_ID = "6f1cffff-6a43-4c6e-9d0a-0f7f2f8f1d11"


def test_a_status_is_shown_without_a_token_to_the_machine_that_sent_the_photo(server: FakeDarkroom) -> None:
    submit("--server", server.url)
    assert command("status", JOB_ID, "--server", server.url).stdout.startswith("completed: complete 100%")


@pytest.mark.parametrize("beginning", ["6", "6F1C2", JOB_ID[:18], JOB_ID.replace("-", ""), JOB_ID.upper()])
def test_the_beginning_of_an_id_is_enough(server: FakeDarkroom, beginning: str) -> None:
    submit("--server", server.url)
    result = command("status", beginning, "--server", server.url, "--json")
    assert json.loads(result.stdout)["jobId"] == JOB_ID


def test_a_beginning_of_several_ids_is_wrong_usage_and_names_them(server: FakeDarkroom) -> None:
    submit("--server", server.url)
    TokenFile(server.url).keep(Job(OTHER_ID, "x"))
    result = command("status", "6f1c", "--server", server.url)
    assert result.exit_code == 2
    assert f"Several jobs begin with '6f1c': {JOB_ID}, {OTHER_ID}. Give more of the id." in one_line(result.stderr)


def test_a_beginning_of_no_id_that_is_known_here_is_wrong_usage(server: FakeDarkroom) -> None:
    result = command("status", "abc", "--server", server.url)
    assert result.exit_code == 2
    assert f"no job that begins with 'abc' to {server.url}. Give the whole id" in one_line(result.stderr)
    assert server.requests == []


def test_a_job_of_another_server_is_not_shown_to_this_one(server: FakeDarkroom) -> None:
    with FakeDarkroom() as other:
        submit("--server", other.url)
        result = command("status", JOB_ID, "--server", server.url)
        assert result.exit_code == 2
        assert f"add --server {other.url}." in one_line(result.stderr)
    assert server.requests == []


def test_a_token_that_is_given_goes_before_the_one_that_is_kept(server: FakeDarkroom) -> None:
    TokenFile(server.url).keep(Job(JOB_ID, "one of before"))
    assert command("status", "6f1c", "--token", TOKEN, "--server", server.url).exit_code == 0
    assert command("status", "6f1c", "--server", server.url).exit_code == 1


def test_the_file_is_for_its_owner_alone(server: FakeDarkroom, tokens: Path) -> None:
    submit("--server", server.url)
    (file,) = tokens.iterdir()
    assert (file.stat().st_mode & 0o777, tokens.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_file_that_others_could_read_is_closed_to_them(server: FakeDarkroom, tokens: Path) -> None:
    submit("--server", server.url)
    (file,) = tokens.iterdir()
    file.chmod(0o644)
    submit("--server", server.url)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    command("status", "6f1c", "--server", server.url)
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_token_is_printed_nowhere(server: FakeDarkroom) -> None:
    assert TOKEN not in submit("--server", server.url).output
    assert TOKEN not in command("status", "6f1c", "--server", server.url).output
    assert TOKEN not in command("status", "6f1c", "--server", server.url, "--json").output


def test_the_token_is_printed_when_asked_for(server: FakeDarkroom) -> None:
    assert f"Session token {TOKEN}" in submit("--server", server.url, "--show-token").stderr.splitlines()
    shown = command("status", "6f1c", "--server", server.url, "--show-token")
    assert shown.stdout.splitlines()[-1] == f"session token {TOKEN}"
    shown = command("status", "6f1c", "--server", server.url, "--show-token", "--json")
    assert json.loads(shown.stdout)["sessionToken"] == TOKEN


def test_a_damaged_line_is_passed_over_alone(server: FakeDarkroom, tokens: Path) -> None:
    submit("--server", server.url)
    (file,) = tokens.iterdir()
    file.write_bytes(b'{"jobId": 5}\nnonsense\n\xff\n' + file.read_bytes())
    assert [job.id for job in TokenFile(server.url).beginning_with("6")] == [JOB_ID]


def test_a_line_that_was_cut_off_does_not_take_the_next_one_with_it(tokens: Path) -> None:
    TokenFile("http://h").keep(Job(OTHER_ID, TOKEN))
    (file,) = tokens.iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    TokenFile("http://h").keep(Job(JOB_ID, TOKEN))
    assert [job.id for job in TokenFile("http://h").beginning_with("6")] == [JOB_ID]


def test_where_tokens_cannot_be_kept_the_photo_is_sent_all_the_same_and_that_is_said(
    server: FakeDarkroom, tokens: Path
) -> None:
    tokens.parent.parent.mkdir()
    tokens.parent.write_text("a file, where the folder should be")
    result = submit("--server", server.url)
    assert result.exit_code == 0, result.output
    first = result.stderr.splitlines()[0]
    assert first.startswith("Session tokens cannot be kept: ")
    assert "--show-token prints them" in first


def test_a_file_that_cannot_be_read_is_said_to_be(server: FakeDarkroom, tokens: Path) -> None:
    submit("--server", server.url)
    (file,) = tokens.iterdir()
    file.unlink()
    file.mkdir()
    result = command("status", JOB_ID, "--server", server.url)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("The kept session tokens cannot be read: ")


def test_one_address_has_one_file(tokens: Path) -> None:
    for server in ("http://Example.com", "http://example.com:80/", "http://ann:secret@example.com"):
        TokenFile(server).keep(Job(JOB_ID, TOKEN))
    assert [file.name for file in tokens.iterdir()] == ["http%3A%2F%2Fexample.com.jsonl"]
    assert servers_that_know(JOB_ID) == ["http://example.com"]


@pytest.mark.parametrize("server", ["https://example.com", "http://example.com:8000", "http://[::1]:8000/darkroom"])
def test_other_addresses_have_files_of_their_own(server: str) -> None:
    TokenFile("http://example.com").keep(Job(JOB_ID, TOKEN))
    TokenFile(server).keep(Job(OTHER_ID, TOKEN))
    assert servers_that_know(OTHER_ID) == [server]


def test_a_relative_state_folder_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert TokenFile("http://h").path.parent == tmp_path / ".local" / "state" / "darkroom" / "tokens"
