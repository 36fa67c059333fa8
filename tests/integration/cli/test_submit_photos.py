"""Which photos `darkroom submit` sends: those it is told, all of a folder that are photos, and what comes on stdin."""

import os
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.fakes.darkroom import REFUSED, FakeDarkroom
from tests.integration.cli.commands import command
from tests.photos.variants import photo

LIKE_A_PRINT = "It has the name of a print of ours. Name it on the command line to send it all the same."


@pytest.fixture
def pictures() -> Path:
    """A folder with two photos, one of them deeper, and with files that are none."""
    folder = Path("pictures")
    (folder / "inner").mkdir(parents=True)
    (folder / ".thumbnails").mkdir()
    (folder / "b.jpg").write_bytes(photo("cat"))
    (folder / "inner" / "a.jpg").write_bytes(photo("coffee"))
    (folder / ".thumbnails" / "a.jpg").write_bytes(photo("coffee"))
    (folder / "b-darkroom.jpg").write_bytes(photo("cat"))
    (folder / "empty.jpg").touch()
    (folder / "notes.txt").write_bytes(b"some notes")
    return folder


def prints() -> list[str]:
    """What is saved here."""
    return sorted(path.name for path in Path().glob("*-darkroom*.jpg"))


def test_a_folder_means_every_photo_in_it_and_what_is_none_is_skipped_with_a_note(
    server: FakeDarkroom, pictures: Path
) -> None:
    result = command("submit", pictures, "--server", server.url)
    assert result.exit_code == 0, result.output
    assert prints() == ["a-darkroom.jpg", "b-darkroom.jpg"]
    assert [line for line in result.stderr.splitlines() if "was skipped" in line] == [
        f"pictures/b-darkroom.jpg was skipped: {LIKE_A_PRINT}",
        "pictures/empty.jpg was skipped: The file is empty.",
        "pictures/notes.txt was skipped: This file is not a supported photo.",
    ]
    assert result.stdout.splitlines()[-1].startswith("2 of 2 photos completed, 3 files skipped, in ")


def test_a_named_file_that_is_no_photo_is_an_error(server: FakeDarkroom) -> None:
    Path("notes.txt").write_bytes(REFUSED)
    result = command("submit", "holiday.jpg", "notes.txt", "--server", server.url)
    assert result.exit_code == 1
    assert "notes.txt: This is no photo." in result.stderr.splitlines()


def test_a_photo_that_is_named_twice_is_sent_once(server: FakeDarkroom, pictures: Path) -> None:
    command("submit", pictures, pictures / "b.jpg", "./holiday.jpg", "holiday.jpg", "--server", server.url)
    assert len(server.asked("POST", "/api/uploads")) == 3


def test_a_file_of_a_folder_that_cannot_be_read_is_an_error(
    server: FakeDarkroom, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_open = Path.open

    def refusing(path: Path, *mode: Any) -> object:  # noqa: ANN401 - what open takes
        if path.name == "b.jpg":
            raise PermissionError(13, os.strerror(13), str(path))
        return plain_open(path, *mode)

    monkeypatch.setattr(Path, "open", refusing)
    result = command("submit", pictures, "--server", server.url)
    assert result.exit_code == 1
    assert "pictures/b.jpg cannot be read: Permission denied." in result.stderr.splitlines()


def test_what_is_closed_to_us_in_a_folder_is_told_of_and_costs_no_other_photo(
    server: FakeDarkroom, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pictures / "closed").mkdir()
    scan, is_file = os.scandir, Path.is_file

    def scandir(folder: Any) -> Any:  # noqa: ANN401 - a path or a descriptor
        if str(folder).endswith("closed"):
            raise PermissionError(13, "Permission denied", folder)
        return scan(folder)

    def look(file: Path) -> bool:
        if file.name == "notes.txt":
            raise PermissionError(13, "Permission denied")
        return is_file(file)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "is_file", look)
    result = command("submit", pictures, "--server", server.url)
    assert result.exit_code == 0, result.output
    assert prints() == ["a-darkroom.jpg", "b-darkroom.jpg"]
    assert "pictures/closed was skipped: The folder cannot be read: Permission denied." in result.stderr
    assert "pictures/notes.txt was skipped: It cannot be looked at: Permission denied." in result.stderr


def test_what_comes_on_stdin_is_sent_too(server: FakeDarkroom) -> None:
    result = command("submit", "-", "holiday.jpg", "--server", server.url, stdin=b"from a pipe")
    assert result.exit_code == 0, result.output
    assert prints() == ["holiday-darkroom.jpg", "stdin-darkroom.jpg"]
    assert any(b"from a pipe" in body for _, body in server.asked("POST", "/api/uploads"))


def test_what_comes_on_stdin_is_sent_again_where_the_server_was_busy(server: FakeDarkroom) -> None:
    server.troubles.append((503, {"Retry-After": "0"}))
    command("submit", "-", "--server", server.url, stdin=b"from a pipe")
    assert [b"from a pipe" in body for _, body in server.asked("POST", "/api/uploads")] == [True, True]


def test_what_a_pipe_gives_is_sent_and_sent_again_where_the_server_was_busy(server: FakeDarkroom) -> None:
    server.troubles.append((503, {"Retry-After": "0"}))
    os.mkfifo("pipe.jpg")
    writer = Thread(target=Path("pipe.jpg").write_bytes, args=(b"from a named pipe",))
    writer.start()
    result = command("submit", "pipe.jpg", "pipe.jpg", "--server", server.url)
    writer.join()
    assert result.exit_code == 0, result.output
    assert prints() == ["pipe-darkroom.jpg"]
    assert [b"from a named pipe" in body for _, body in server.asked("POST", "/api/uploads")] == [True, True]


def test_a_device_is_wrong_usage(server: FakeDarkroom) -> None:
    result = command("submit", "/dev/zero", "holiday.jpg", "--server", server.url)
    assert result.exit_code == 2
    assert "/dev/zero is a device and no file." in result.stderr
    assert server.asked("POST", "/api/uploads") == []
