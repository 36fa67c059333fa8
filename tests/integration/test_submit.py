"""`darkroom submit` and `darkroom status` against a server over HTTP, and what they say when something is wrong."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from app.cli.client import Client
from app.cli.server import DEFAULT_SERVER, server_url
from app.cli.status import status as status_command
from app.cli.submit import submit as submit_command
from app.embedded.data_folder import DataFolder
from tests.fakes.darkroom import HANG_UP, JOB_ID, PICTURE, RUN, TOKEN, FakeDarkroom, status
from tests.waiting import BUSY_SECONDS

CHECKOUT = Path(__file__).parents[2]
FAILED = status("failed", 30, errorCode="CONTENT_BLOCKED", errorMessage="The image model declined this photo.")


@pytest.fixture
def server() -> Iterator[FakeDarkroom]:
    with FakeDarkroom() as server:
        yield server


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory but for a photo."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "holiday.jpg").write_bytes(b"a photo")
    return tmp_path


def submit(*arguments: str) -> Result:
    return CliRunner().invoke(submit_command, ["holiday.jpg", *arguments])


def ask(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(status_command, [JOB_ID, *arguments], input=stdin)


def run(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    """`darkroom submit` as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", "from app.cli.submit import submit; submit()", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )


def one_line(text: str) -> str:
    """Without the frames and line breaks that the command line draws."""
    return " ".join(text.replace("│", " ").split())


def test_a_photo_is_sent_watched_through_every_stage_and_its_preview_saved(server: FakeDarkroom, folder: Path) -> None:
    result = submit("--server", server.url)
    assert result.exit_code == 0, result.output
    assert (folder / "holiday-darkroom.jpg").read_bytes() == PICTURE
    assert result.stdout == "Saved holiday-darkroom.jpg\n"
    assert result.stderr.splitlines() == [
        f"Job {JOB_ID}, session token {TOKEN}",
        "waiting 0%",
        "validating 10%",
        "generating 30%",
        "storing 80%",
        "watermarking 90%",
        "complete 100%",
    ]


def test_the_photo_is_sent_whole_and_without_its_name(server: FakeDarkroom) -> None:
    submit("--server", server.url)
    ((headers, body),) = server.asked("POST", "/api/uploads")
    assert b'name="image"; filename="photo"' in body
    assert b"a photo" in body
    assert b"holiday" not in body
    assert headers["Idempotency-Key"]


def test_the_token_is_shown_to_the_api_and_to_nobody_else(server: FakeDarkroom) -> None:
    submit("--server", server.url)
    assert {headers["X-Session-Token"] for headers, _ in server.asked("GET", "/api/")} == {TOKEN}
    ((headers, _),) = server.asked("GET", "/pictures/")
    assert "X-Session-Token" not in headers


def test_a_poll_names_what_it_has_read_and_takes_304_for_an_answer() -> None:
    with FakeDarkroom(*[RUN[2]] * 5, RUN[-1]) as server:
        assert submit("--server", server.url).exit_code == 0
        tags = [headers.get("If-None-Match") for headers, _ in server.asked("GET", "/api/status/")]
    assert tags == [None, *['"31"'] * 5]


def test_json_is_the_last_status_with_the_token_and_the_file_and_nothing_else(server: FakeDarkroom) -> None:
    result = submit("--server", server.url, "--json")
    assert json.loads(result.stdout) == {**RUN[-1], "sessionToken": TOKEN, "savedTo": "holiday-darkroom.jpg"}


def test_without_out_no_file_is_ever_replaced(server: FakeDarkroom, folder: Path) -> None:
    (folder / "holiday-darkroom.jpg").write_bytes(b"mine")
    assert submit("--server", server.url).stdout == "Saved holiday-darkroom-2.jpg\n"
    assert (folder / "holiday-darkroom.jpg").read_bytes() == b"mine"


def test_out_chooses_the_file_and_replaces_it_whole(server: FakeDarkroom, folder: Path) -> None:
    (folder / "print.jpg").write_bytes(b"mine")
    assert submit("--server", server.url, "--out", "print.jpg").exit_code == 0
    assert (folder / "print.jpg").read_bytes() == PICTURE
    assert sorted(path.name for path in folder.iterdir()) == ["holiday.jpg", "print.jpg"]


def test_a_failed_job_ends_with_1_and_its_sentence_on_stderr(folder: Path) -> None:
    with FakeDarkroom(RUN[1], FAILED) as server:
        result = submit("--server", server.url, "--json")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == FAILED["errorMessage"]
    assert json.loads(result.stdout) == {**FAILED, "sessionToken": TOKEN}
    assert [path.name for path in folder.iterdir()] == ["holiday.jpg"]


def test_a_second_attempt_is_shown() -> None:
    with FakeDarkroom(RUN[2], status("generating", 30, attempt=2, version=40), RUN[-1]) as server:
        assert "generating 30%, attempt 2" in submit("--server", server.url).stderr


def test_a_server_that_restarts_while_it_is_watched_is_waited_for(server: FakeDarkroom) -> None:
    with Client(server.url) as client:
        job = client.submit(Path("holiday.jpg"))
        server.troubles += [(HANG_UP, {})] * 4
        assert [body["stage"] for body in client.watch(job, 30)][-1] == "complete"


@pytest.mark.parametrize("code", [429, 503])
def test_a_busy_server_is_obeyed_and_the_photo_stays_one_submission(server: FakeDarkroom, code: int) -> None:
    server.troubles += [(code, {"Retry-After": "0"}), (code, {})]
    assert submit("--server", server.url).exit_code == 0
    keys = [headers["Idempotency-Key"] for headers, _ in server.asked("POST", "/api/uploads")]
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_a_server_that_asks_for_more_patience_than_there_is_ends_with_its_sentence(server: FakeDarkroom) -> None:
    server.troubles.append((429, {"Retry-After": "3600"}))
    result = submit("--server", server.url)
    assert (result.exit_code, result.stderr) == (1, "Please try again.\n")


def test_a_refused_photo_ends_with_1_and_the_server_s_sentence(server: FakeDarkroom) -> None:
    server.troubles.append((415, {}))
    result = submit("--server", server.url)
    assert (result.exit_code, result.stderr) == (1, "Please try again.\n")


def test_without_a_server_the_sentence_says_how_to_start_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        began = time.monotonic()
        result = submit("--server", url)
    assert time.monotonic() - began < 5 + BUSY_SECONDS
    assert result.exit_code == 1
    assert f"{url} does not answer" in result.stderr
    assert "darkroom up" in result.stderr


def test_a_server_that_is_no_darkroom_is_told_apart() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as stranger:
        Thread(target=stranger.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        result = submit("--server", f"http://127.0.0.1:{stranger.server_port}")
        stranger.shutdown()
    assert result.exit_code == 1
    assert "answers 501, unlike Darkroom: check the address." in result.stderr


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"jobId": 5}'])
def test_an_answer_that_makes_no_sense_is_told_apart(answer: bytes) -> None:
    class Stranger(FakeDarkroom):
        def answer(self, *_: object) -> tuple[int, dict[str, str], bytes]:
            return 202, {}, answer

    with Stranger() as server:
        result = submit("--server", server.url)
    assert result.exit_code == 1
    assert "unlike Darkroom: check the address." in result.stderr


def test_on_a_terminal_a_bar_shows_the_stage_and_the_progress(server: FakeDarkroom, folder: Path) -> None:
    reader, writer = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from app.cli.submit import submit; submit()", "holiday.jpg", "--server", server.url],
        stderr=writer,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(writer)
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal says that nobody writes to it any more
        while part := os.read(reader, 4096):
            shown += part
    os.close(reader)
    assert process.wait(20) == 0
    assert b"complete" in shown
    assert b"100%" in shown


def test_when_time_is_up_it_says_how_to_go_on() -> None:
    with FakeDarkroom(RUN[2]) as server:
        result = submit("--server", server.url, "--timeout", "0.2")
        assert result.exit_code == 1
        assert f"darkroom status {JOB_ID} --watch --server {server.url}" in result.stderr
        assert TOKEN in result.stderr


def test_ctrl_c_says_that_the_job_goes_on_and_how_to_look_at_it(folder: Path) -> None:
    with FakeDarkroom(RUN[2]) as server:
        process = run("holiday.jpg", "--server", server.url, cwd=folder)
        assert process.stderr
        while "generating" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert "The job goes on" in said
    assert f"darkroom status {JOB_ID} --watch" in said


def test_ctrl_c_before_the_photo_is_taken_in_says_so(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        process = run("holiday.jpg", "--server", f"http://127.0.0.1:{silent.getsockname()[1]}", cwd=folder)
        connection, _ = silent.accept()
        with connection:
            connection.recv(1)
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=20)[1]
    assert (process.returncode, said) == (130, "Stopped before the server had confirmed the photo.\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a file that opens and cannot be read")
def test_a_photo_that_cannot_be_read_is_wrong_usage(server: FakeDarkroom) -> None:
    result = CliRunner().invoke(submit_command, ["/proc/self/mem", "--server", server.url])
    assert (result.exit_code, result.stderr) == (2, "/proc/self/mem cannot be read: Input/output error.\n")


def test_without_server_the_embedded_one_of_this_folder_is_asked(server: FakeDarkroom) -> None:
    with DataFolder(Path("darkroom-data")) as data:
        data.announce(server_url=server.url, database_url="postgresql:///x", redis_url="unix:///x")
        assert submit().exit_code == 0
    assert server_url(None) == DEFAULT_SERVER


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.jpg"], "'missing.jpg' does not exist"),
        (["."], "'.' is a directory"),
        ([], "Missing argument"),
        (["holiday.jpg", "--server", "localhost:8000"], "Give one such as http://127.0.0.1:8000."),
        (["holiday.jpg", "--server", "http://h:port"], "Give one such as http://127.0.0.1:8000."),
        (["holiday.jpg", "--timeout", "0"], "--timeout"),
        (["holiday.jpg", "--out", "no/where.jpg"], "The folder no does not exist. Make it first."),
        (["holiday.jpg", "--out", "./holiday.jpg"], "This is the photo itself. Choose another name."),
        (["holiday.jpg", "--out", "."], "is a directory"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(arguments: list[str], sentence: str) -> None:
    result = CliRunner().invoke(submit_command, arguments)
    assert result.exit_code == 2
    assert sentence in one_line(result.stderr)


def test_a_picture_that_cannot_be_saved_says_so(server: FakeDarkroom, folder: Path) -> None:
    (folder / ".print.jpg.half").mkdir()
    result = submit("--server", server.url, "--out", "print.jpg")
    assert result.exit_code == 1
    assert "The picture is ready but could not be saved to .print.jpg.half: Is a directory." in result.stderr


@pytest.mark.parametrize("arguments", [["--token", TOKEN], ["--token", "-"], []])
def test_a_status_is_shown_to_whoever_has_the_token(server: FakeDarkroom, arguments: list[str]) -> None:
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
    process = subprocess.Popen(
        [sys.executable, "-c", "from app.cli.status import status; status()", JOB_ID, "--server", server.url],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
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
    assert CliRunner().invoke(status_command, ["seven", "--token", "x"]).exit_code == 2
    assert server.requests == []
