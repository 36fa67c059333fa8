"""Where root starts `darkroom up`, neither it nor what it runs is root, and data of a version that was goes on."""

import os
from collections.abc import Iterator
from functools import reduce
from operator import or_
from pathlib import Path

import pytest

from app.embedded.processes import TO_SUPERVISE
from tests.acceptance.service import CHILDREN, Service, answers, assert_gone
from tests.linux_processes import descendants, status
from tests.servers import open_folder
from tests.waiting import until
from workers.confinement.privileges import READ_EVERYTHING

PHOTO = Path(__file__).parents[1] / "photos" / "coffee.jpg"
PROCESSES = ("serve", "work", "project", "dispatch")
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


def rights_of(pid: int) -> int:
    """The rights of root that it has or could pass on to a program."""
    kinds = ("CapInh", "CapPrm", "CapEff", "CapAmb")
    return reduce(or_, (int(status(pid, kind), 16) for kind in kinds))


def assert_rootless(service: Service) -> None:
    """It and all that it runs are other users than root, and have of root's rights what the README says."""
    pids = [service.pid, *descendants(service.pid)]
    assert len(pids) > len(CHILDREN)
    for pid in pids:
        assert user_of(pid) != 0
        assert status(pid, "Groups") == ""
        assert status(pid, "NoNewPrivs") == "1"
        assert status(pid, "Seccomp") == "2"
    users = {child: user_of(pid) for child, pid in service.pids.items()}
    processes = {users.pop(name) for name in PROCESSES}
    assert len({*processes, *users.values(), user_of(service.pid)}) == 4
    for name in PROCESSES:
        # It may read what is closed to others, at the most.
        assert rights_of(service.pid_of(name)) in {0, 1 << READ_EVERYTHING}
    assert rights_of(service.pid_of("postgres")) == rights_of(service.pid_of("valkey")) == 0
    kept = sum(1 << right for right in TO_SUPERVISE)
    assert rights_of(service.pid) in {kept, kept | 1 << READ_EVERYTHING}
    assert int(status(service.pid, "CapBnd"), 16) == rights_of(service.pid)


def test_neither_it_nor_what_it_runs_is_root_and_image_children_are_users_of_their_own(folder: Path) -> None:
    with Service(folder, {}).wait_until_ready() as service:
        submitted(service)
        assert_rootless(service)
        ours = set(service.pids.values())
        users = {user_of(pid) for pid in (service.pid, *ours)}
        (parent,) = image_parents(service, ours)
        assert user_of(parent) not in users
        assert rights_of(parent) == 0


def test_without_root_it_starts_again_whatever_is_killed(folder: Path) -> None:
    with Service(folder, {}).wait_until_ready() as service:
        submitted(service)
        for child in CHILDREN:
            service.kill_child(child)
        until(lambda: answers(service.url), "it does not come back")
        submitted(service)
        assert_rootless(service)
        service.assert_verified()


def test_what_it_runs_ends_with_it_when_it_is_killed_and_the_next_start_goes_on(folder: Path) -> None:
    service = Service(folder, {}).wait_until_ready()
    submitted(service)
    assert_gone(service.kill())
    with Service(folder, {}).wait_until_ready() as service:
        submitted(service)
        service.assert_verified()


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
        assert user_of(service.pid_of("serve")) == user_of(service.pid) == 0
    assert (folder / "data" / "objects").stat().st_uid == 0
    with Service(folder, {}).wait_until_ready() as service:
        assert user_of(service.pid_of("serve")) != 0
        submitted(service)
        objects = [path for path in (folder / "data" / "objects").rglob("*") if "~" not in str(path)]
        assert len([path for path in objects if path.is_file()]) >= 6
        assert {path.stat().st_uid for path in objects} == {user_of(service.pid_of("serve"))}
        service.assert_verified()


def test_what_root_added_meanwhile_is_handed_over_too(folder: Path) -> None:
    for run_as in ("unprivileged", "root", "unprivileged"):
        with Service(folder, {"RUN_AS": run_as}).wait_until_ready() as service:
            submitted(service)
            user = user_of(service.pid_of("serve"))
    assert user != 0
    assert {path.stat().st_uid for path in (folder / "data" / "objects").rglob("*")} == {user}


def test_a_secret_in_a_file_of_root_reaches_the_processes(folder: Path) -> None:
    keys = folder / "keys"
    keys.touch(mode=0o600)
    keys.write_text("k" * 40)
    with Service(folder, {"SECRET_KEYS_FILE": str(keys)}).wait_until_ready() as service:
        submitted(service)
        assert not (service.data / "secret-keys").exists()
