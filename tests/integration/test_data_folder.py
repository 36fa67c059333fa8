"""The data folder: one service at a time, found by other commands while it runs and only then."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.embedded.data_folder import DataFolder, RunningService, running_service
from app.embedded.errors import EmbeddedError, FolderInUseError, NotRunningError
from app.settings.parsers import MIN_KEY_LENGTH

ADDRESSES = {"server_url": "http://127.0.0.1:8000", "database_url": "postgresql:///d", "redis_url": "unix:///v"}


def test_a_folder_is_held_by_one_service_at_a_time(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "data"), pytest.raises(FolderInUseError, match="Another Darkroom already runs on"):
        DataFolder(tmp_path / "data").__enter__()
    with DataFolder(tmp_path / "data"):
        pass


def test_the_service_is_found_while_it_runs(tmp_path: Path) -> None:
    with DataFolder(tmp_path) as folder:
        folder.announce(**ADDRESSES)
        assert running_service(tmp_path) == RunningService(**ADDRESSES, pid=os.getpid())
        assert (tmp_path / "service.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(NotRunningError, match=r"No Darkroom runs on .* darkroom up --data"):
        running_service(tmp_path)
    assert not (tmp_path / "service.json").exists()


def test_a_folder_where_nothing_ever_ran_is_told_apart_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match="No Darkroom runs on"):
        running_service(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_a_service_that_is_starting_is_told_apart(tmp_path: Path) -> None:
    with DataFolder(tmp_path), pytest.raises(NotRunningError, match="still starting"):
        running_service(tmp_path)


def test_a_killed_service_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from app.embedded.data_folder import DataFolder
with DataFolder(Path({str(tmp_path)!r})) as folder:
    folder.announce(**{ADDRESSES!r})
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert (tmp_path / "service.json").exists()
    with pytest.raises(NotRunningError, match="No Darkroom runs on"):
        running_service(tmp_path)
    with DataFolder(tmp_path), pytest.raises(NotRunningError, match="still starting"):
        running_service(tmp_path)


def test_the_secret_keys_are_made_once_and_are_ours_alone(tmp_path: Path) -> None:
    with DataFolder(tmp_path) as folder:
        keys = folder.secret_keys()
    with DataFolder(tmp_path) as folder:
        assert folder.secret_keys() == keys
    assert len(keys) >= MIN_KEY_LENGTH
    assert (tmp_path / "secret-keys").stat().st_mode & 0o777 == 0o600
    with DataFolder(tmp_path / "other") as other:
        assert other.secret_keys() != keys


def test_a_child_does_not_keep_the_folder_after_its_service_is_gone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('runs', flush=True); input()"]
    with DataFolder(tmp_path):
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False)
        assert child.stdout is not None
        assert child.stdout.readline() == b"runs\n"
    with child, DataFolder(tmp_path):
        child.communicate(b"\n")
    assert child.returncode == 0


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(EmbeddedError, match="cannot be made: Not a directory"), DataFolder(tmp_path / "file" / "data"):
        pass
