"""Where root starts `darkroom up`, none of what it runs is root, and data of an older version, which was, goes on."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.service import Service
from tests.linux_processes import descendants, status
from tests.servers import open_folder
from tests.waiting import until

PHOTO = Path(__file__).parents[1] / "photos" / "coffee.jpg"
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


def user_of(pid: int) -> int:
    """Whom a process runs as; all four of its users are the same."""
    (user,) = set(map(int, status(pid, "Uid").split()))
    return user


def submitted(service: Service) -> str:
    """The job id of a photo that is complete."""
    done = service.run("submit", PHOTO, "--server", service.url, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def image_parents(service: Service, others: set[int]) -> list[int]:
    """The processes that fork those which open photos."""
    return [pid for pid in descendants(service.pid) if status(pid, "Name").startswith("python") and pid not in others]


def test_nothing_that_it_runs_is_root_and_image_children_are_users_of_their_own(folder: Path) -> None:
    with Service(folder, {}).wait_until_ready() as service:
        submitted(service)
        ours = set(service.pids.values())
        for pid in descendants(service.pid):
            assert user_of(pid) != 0
        users = {user_of(pid) for pid in ours}
        assert len(users) == 1
        (parent,) = image_parents(service, ours)
        assert user_of(parent) not in users
        for name in ("serve", "work", "project", "dispatch"):
            pid = service.pid_of(name)
            # It may read what is closed to others, at the most.
            assert int(status(pid, "CapPrm"), 16) | int(status(pid, "CapBnd"), 16) in {0, 0b100}
            assert status(pid, "NoNewPrivs") == "1"
            assert status(pid, "Groups") == ""


def test_an_image_parent_ends_with_its_worker(folder: Path) -> None:
    with Service(folder, {}).wait_until_ready() as service:
        submitted(service)
        before = image_parents(service, set(service.pids.values()))
        assert before
        service.kill_child("work")
        until(lambda: not set(before) & set(descendants(service.pid)), "the image parent outlives its worker")
        submitted(service)


def test_data_of_root_goes_on(folder: Path) -> None:
    with Service(folder, {"RUN_AS": "root"}).wait_until_ready() as service:
        submitted(service)
        assert user_of(service.pid_of("serve")) == 0
    assert (folder / "data" / "objects").stat().st_uid == 0
    with Service(folder, {}).wait_until_ready() as service:
        assert user_of(service.pid_of("serve")) != 0
        submitted(service)
        objects = [path for path in (folder / "data" / "objects").rglob("*") if "~" not in str(path)]
        assert len([path for path in objects if path.is_file()]) >= 6
        assert {path.stat().st_uid for path in objects} == {user_of(service.pid_of("serve"))}
        service.assert_verified()


def test_a_secret_in_a_file_of_root_reaches_the_processes(folder: Path) -> None:
    keys = folder / "keys"
    keys.touch(mode=0o600)
    keys.write_text("k" * 40)
    with Service(folder, {"SECRET_KEYS_FILE": str(keys)}).wait_until_ready() as service:
        submitted(service)
        assert not (service.data / "secret-keys").exists()
