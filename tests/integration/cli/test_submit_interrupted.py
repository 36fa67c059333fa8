"""Ctrl-C during `darkroom submit`: it ends quietly, and says what goes on and how to look at it."""

import signal
import socket
from pathlib import Path

from tests.fakes.darkroom import JOB_ID, RUN, TOKEN, FakeDarkroom
from tests.integration.cli.commands import started


def test_ctrl_c_says_that_the_job_goes_on_and_how_to_look_at_it(folder: Path) -> None:
    with FakeDarkroom(RUN[2]) as server:
        process = started("submit", "holiday.jpg", "--server", server.url, cwd=folder)
        assert process.stderr
        while "generating" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert "The job goes on" in said
    assert f"darkroom status {JOB_ID} --watch" in said
    assert TOKEN not in said


def test_ctrl_c_before_the_photo_is_taken_in_says_so(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = started("submit", "holiday.jpg", "--server", url, cwd=folder)
        connection, _ = silent.accept()
        with connection:
            connection.recv(1)
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=20)[1]
    assert (process.returncode, said) == (130, "Stopped before the server had confirmed the photo.\n")


def test_ctrl_c_among_many_names_each_job_that_goes_on_and_each_photo_that_does_not(folder: Path) -> None:
    photos = [f"{number}.jpg" for number in range(3)]
    for name in photos:
        (folder / name).write_bytes(b"a photo")
    with FakeDarkroom(RUN[2]) as server:
        process = started("submit", *photos, "--at-once", "2", "--server", server.url, cwd=folder)
        assert process.stderr
        under_way = 0
        while under_way < 2:
            line = process.stderr.readline()
            assert line
            under_way += "generating" in line
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=20)
    assert (process.returncode, printed) == (130, "")
    assert said.startswith("Stopped.\n2 jobs under way. To look:\n")
    assert said.count(f"--watch --server {server.url}\n") == 2
    assert said.endswith("The server had not confirmed 1 photo:\n  2.jpg\n")
    assert "Traceback" not in said
