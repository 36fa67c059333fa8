"""Where `darkroom submit` saves: --out, and what it never replaces."""

from pathlib import Path

import pytest

from tests.fakes.darkroom import PICTURE, FakeDarkroom
from tests.integration.cli.commands import command, one_line, submit


def test_without_out_no_file_is_ever_replaced(server: FakeDarkroom, folder: Path) -> None:
    (folder / "holiday-darkroom.jpg").write_bytes(b"mine")
    assert submit("--server", server.url).stdout == "Saved holiday-darkroom-2.jpg\n"
    assert (folder / "holiday-darkroom.jpg").read_bytes() == b"mine"


def test_out_chooses_the_file_and_replaces_it_whole(server: FakeDarkroom, folder: Path) -> None:
    (folder / "print.jpg").write_bytes(b"mine")
    assert submit("--server", server.url, "--out", "print.jpg").exit_code == 0
    assert (folder / "print.jpg").read_bytes() == PICTURE
    assert sorted(path.name for path in folder.iterdir()) == ["holiday.jpg", "print.jpg"]


def test_a_picture_that_cannot_be_saved_says_so(server: FakeDarkroom, folder: Path) -> None:
    (folder / ".print.jpg.half").mkdir()
    result = submit("--server", server.url, "--out", "print.jpg")
    assert result.exit_code == 1
    assert "The picture is ready but could not be saved to .print.jpg.half: Is a directory." in result.stderr


def test_several_photos_are_saved_into_a_folder_that_is_made(server: FakeDarkroom, folder: Path) -> None:
    (folder / "other.jpg").write_bytes(b"another")
    result = command("submit", "holiday.jpg", "other.jpg", "--out", "prints", "--server", server.url)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (folder / "prints").iterdir()) == ["holiday-darkroom.jpg", "other-darkroom.jpg"]


@pytest.mark.parametrize("out", [".", "prints/"])
def test_one_photo_may_be_saved_into_a_folder_too(server: FakeDarkroom, out: str) -> None:
    assert submit("--server", server.url, "--out", out).exit_code == 0
    assert (Path(out) / "holiday-darkroom.jpg").read_bytes() == PICTURE


def test_photos_of_one_name_and_prints_of_before_get_numbers(server: FakeDarkroom, folder: Path) -> None:
    (folder / "prints").mkdir()
    (folder / "prints" / "holiday-darkroom.jpg").write_bytes(b"mine")
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "holiday.jpg").write_bytes(name.encode())
    result = command("submit", "a/holiday.jpg", "b/holiday.jpg", "--out", "prints", "--server", server.url)
    assert result.exit_code == 0, result.output
    assert (folder / "prints" / "holiday-darkroom.jpg").read_bytes() == b"mine"
    assert sorted(path.name for path in (folder / "prints").iterdir()) == [
        "holiday-darkroom-2.jpg",
        "holiday-darkroom-3.jpg",
        "holiday-darkroom.jpg",
    ]


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("print.jpg", "print.jpg looks like a file. Several photos need a folder: name one, such as print/."),
        ("holiday.jpg", "holiday.jpg is a file. Several photos need a folder."),
        ("no/where", "The folder no does not exist. Make it first."),
    ],
)
def test_several_photos_into_one_file_is_wrong_usage(server: FakeDarkroom, out: str, sentence: str) -> None:
    Path("other.jpg").write_bytes(b"another")
    result = command("submit", "holiday.jpg", "other.jpg", "--out", out, "--server", server.url)
    assert result.exit_code == 2
    assert sentence in one_line(result.stderr)
    assert server.requests == []
