"""A server that answers as a test chooses, and an empty folder with a photo in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.darkroom import FakeDarkroom


@pytest.fixture
def server() -> Iterator[FakeDarkroom]:
    with FakeDarkroom() as server:
        yield server


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory but for a photo; what commands remember lies beside it."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (folder / "holiday.jpg").write_bytes(b"a photo")
    return folder


@pytest.fixture
def tokens(folder: Path) -> Path:
    """Where session tokens are kept."""
    return folder.parent / "state" / "darkroom" / "tokens"
