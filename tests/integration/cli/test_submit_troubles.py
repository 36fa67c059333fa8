"""`darkroom submit` when something is wrong: with the server, with the photo, with how it was called."""

import socket
import sys
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from app.cli.jobs.client import Client
from tests.fakes.darkroom import HANG_UP, JOB_ID, RUN, FakeDarkroom
from tests.integration.cli.commands import command, one_line, submit
from tests.waiting import BUSY_SECONDS


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


def test_a_photo_that_is_still_on_its_way_is_sent_again(server: FakeDarkroom) -> None:
    server.troubles.append((409, {"Retry-After": "0"}))
    assert submit("--server", server.url).exit_code == 0


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


def test_when_time_is_up_it_says_how_to_go_on() -> None:
    with FakeDarkroom(RUN[2]) as server:
        result = submit("--server", server.url, "--timeout", "0.2")
        assert result.exit_code == 1
        assert f"darkroom status {JOB_ID} --watch --server {server.url}" in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a file that opens and cannot be read")
def test_a_photo_that_cannot_be_read_is_wrong_usage(server: FakeDarkroom) -> None:
    result = command("submit", "/proc/self/mem", "--server", server.url)
    assert (result.exit_code, result.stderr) == (2, "/proc/self/mem cannot be read: Input/output error.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.jpg"], "'missing.jpg' does not exist"),
        (["empty"], "There is no photo in empty."),
        ([], "Missing argument"),
        (["holiday.jpg", "--server", "localhost:8000"], "Give one such as http://127.0.0.1:8000."),
        (["holiday.jpg", "--server", "http://h:port"], "Give one such as http://127.0.0.1:8000."),
        (["holiday.jpg", "--timeout", "0"], "--timeout"),
        (["holiday.jpg", "--out", "no/where.jpg"], "The folder no does not exist. Make it first."),
        (["holiday.jpg", "--out", "./holiday.jpg"], "This is the photo itself. Choose another name."),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(arguments: list[str], sentence: str) -> None:
    Path("empty").mkdir()
    result = command("submit", *arguments)
    assert result.exit_code == 2
    assert sentence in one_line(result.stderr)
