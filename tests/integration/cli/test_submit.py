"""`darkroom submit` with one photo, against a server over HTTP: what is sent, shown and saved."""

import json
import os
from contextlib import suppress
from pathlib import Path
from subprocess import Popen

from app.cli.server import DEFAULT_SERVER, server_url
from app.embedded.data_folder import DataFolder
from tests.fakes.darkroom import JOB_ID, PICTURE, RUN, TOKEN, FakeDarkroom, status
from tests.integration.cli.commands import CHECKOUT, MAIN, submit

FAILED = status("failed", 30, errorCode="CONTENT_BLOCKED", errorMessage="The image model declined this photo.")


def test_a_photo_is_sent_watched_through_every_stage_and_its_preview_saved(server: FakeDarkroom, folder: Path) -> None:
    result = submit("--server", server.url)
    assert result.exit_code == 0, result.output
    assert (folder / "holiday-darkroom.jpg").read_bytes() == PICTURE
    assert result.stdout == "Saved holiday-darkroom.jpg\n"
    assert result.stderr.splitlines() == [
        f"Job {JOB_ID}",
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


def test_the_token_is_shown_to_the_api_alone(server: FakeDarkroom) -> None:
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
    assert json.loads(result.stdout) == {
        **RUN[-1],
        "sessionToken": TOKEN,
        "savedTo": "holiday-darkroom.jpg",
        "photo": "holiday.jpg",
    }


def test_a_failed_job_ends_with_1_and_its_sentence_on_stderr(folder: Path) -> None:
    with FakeDarkroom(RUN[1], FAILED) as server:
        result = submit("--server", server.url, "--json")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == FAILED["errorMessage"]
    assert json.loads(result.stdout) == {**FAILED, "sessionToken": TOKEN, "photo": "holiday.jpg"}
    assert [path.name for path in folder.iterdir()] == ["holiday.jpg"]


def test_a_second_attempt_is_shown() -> None:
    with FakeDarkroom(RUN[2], status("generating", 30, attempt=2, version=40), RUN[-1]) as server:
        assert "generating 30%, attempt 2" in submit("--server", server.url).stderr


def test_on_a_terminal_a_bar_shows_the_stage_and_the_progress(server: FakeDarkroom, folder: Path) -> None:
    reader, writer = os.openpty()
    process = Popen(
        [*MAIN, "submit", "holiday.jpg", "--server", server.url],
        stderr=writer,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(writer)
    shown = b""
    with suppress(OSError):  # how a terminal says that no process writes to it any more
        while part := os.read(reader, 4096):
            shown += part
    os.close(reader)
    assert process.wait(20) == 0
    assert b"complete" in shown
    assert b"100%" in shown


def test_without_server_the_embedded_one_of_this_folder_is_asked(server: FakeDarkroom) -> None:
    with DataFolder(Path("darkroom-data")) as data:
        data.announce(server_url=server.url, database_url="postgresql:///x", redis_url="unix:///x")
        assert submit().exit_code == 0
    assert server_url(None) == DEFAULT_SERVER
