"""What is left of root in a program that was started for another account."""

import errno
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.embedded import processes
from app.embedded.accounts import supervisor_account, unprivileged_account
from app.embedded.child import Account, Child, Process
from app.embedded.errors import EmbeddedError
from app.embedded.processes import Processes, hand_over, limit_ids
from app.settings.environment import Settings
from workers.confinement.privileges import (
    BIND_LOW_PORTS,
    OVERRIDE_MODES,
    READ_EVERYTHING,
    SET_GROUPS,
    SET_USERS,
)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")


def account() -> Account:
    found = unprivileged_account()
    assert found
    return found


def said(folder: Path, *argv: str, rights: tuple[int, ...]) -> str:
    """What a program of that account writes."""
    log = folder / uuid4().hex
    process = Process(Child(name="program", argv=argv, env={}, account=account(), rights=rights, log=log))
    assert process.wait(30)
    return log.read_text()


@pytest.mark.parametrize("rights", [(), (READ_EVERYTHING,), (BIND_LOW_PORTS, READ_EVERYTHING)])
def test_it_has_the_rights_that_are_named_and_can_get_no_others(tmp_path: Path, rights: tuple[int, ...]) -> None:
    told = said(tmp_path, "/bin/cat", "/proc/self/status", rights=rights)
    lines = dict(line.split(":\t", 1) for line in told.splitlines())
    kept = sum(1 << right for right in rights)
    assert [int(lines[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")] == [kept] * 5
    assert lines["NoNewPrivs"] == "1"
    assert set(lines["Uid"].split()) == {str(account().uid)}
    assert set(lines["Gid"].split()) == {str(account().gid)}
    assert lines["Groups"].strip() == ""


def test_it_reads_a_file_of_root_with_that_right_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    file.write_text("of root")
    assert said(tmp_path, "/bin/cat", str(file), rights=(READ_EVERYTHING,)) == "of root"
    assert "Permission denied" in said(tmp_path, "/bin/cat", str(file), rights=())


def test_it_listens_on_a_low_port(tmp_path: Path) -> None:
    program = f"import socket; socket.create_server(('127.0.0.1', {free_low_port()})); print('listens')"
    rights = (BIND_LOW_PORTS, READ_EVERYTHING)  # the interpreter may lie in a closed folder
    assert said(tmp_path, sys.executable, "-I", "-c", program, rights=rights) == "listens\n"


def free_low_port() -> int:
    """A port below 1024 without a listener."""
    for port in range(1023, 700, -1):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("There is no free port below 1024.")


def test_in_a_container_that_withholds_it_the_processes_may_override_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    docker = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31})
    monkeypatch.setattr(processes, "own_rights", lambda: docker)
    monkeypatch.setattr(processes, "_may_read_all", lambda *_: False)
    made = Processes(Settings(port=80), {})
    assert made.child("serve").rights == (BIND_LOW_PORTS, OVERRIDE_MODES)
    assert made.child("project").rights == (OVERRIDE_MODES,)


@pytest.mark.parametrize("has", [frozenset(), frozenset({SET_USERS, SET_GROUPS})])
def test_what_root_cannot_give_is_said(monkeypatch: pytest.MonkeyPatch, has: frozenset[int]) -> None:
    monkeypatch.setattr(processes, "own_rights", lambda: has)
    monkeypatch.setattr(processes, "_may_read_all", lambda *_: False)
    with pytest.raises(EmbeddedError, match="set RUN_AS=root"):
        Processes(Settings(), {})
    assert Processes(Settings(run_as="root"), {}).child("serve").account is None


def test_what_all_may_read_takes_no_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_may_read_all", lambda *_: True)
    assert Processes(Settings(), {}).child("serve").rights == ()


def test_where_the_kernel_cannot_refuse_the_change_to_root_it_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def no_filter(_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    became: list[tuple[int, int]] = []
    monkeypatch.setattr(processes, "limit_users", no_filter)
    monkeypatch.setattr(processes, "leave_root", lambda uid, gid, _: became.append((uid, gid)))
    monkeypatch.setattr(processes, "hide", lambda: None)
    limit_ids(Settings())
    with capture_logs() as lines, Processes(Settings(data_dir=tmp_path), {}).started_without_root(tmp_path):
        pass
    supervisor = supervisor_account()
    assert supervisor
    assert became == [(supervisor.uid, supervisor.gid)]
    assert [line["why"] for line in lines if line["event"] == "supervisor.any_user"] == [
        "the kernel cannot refuse it the change to root: Function not implemented"
    ]


def test_root_that_asks_to_stay_root_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "limit_users", lambda _: pytest.fail("it is limited"))
    monkeypatch.setattr(processes, "leave_root", lambda *_: pytest.fail("it leaves root"))
    settings = Settings(run_as="root", data_dir=tmp_path)
    limit_ids(settings)
    with Processes(settings, {}).started_without_root(tmp_path):
        pass


def test_objects_on_another_disk_are_handed_over_and_nothing_that_they_link_to(tmp_path: Path) -> None:
    disk, secret = tmp_path / "disk", tmp_path / "secret"
    (disk / "job").mkdir(parents=True)
    (disk / "job" / "original").touch()
    secret.touch()
    (disk / "job" / "link").symlink_to(secret)
    (tmp_path / "objects").symlink_to(disk)
    hand_over(Settings(), tmp_path)
    assert {path.lstat().st_uid for path in (disk, *disk.rglob("*"))} == {account().uid}
    assert secret.stat().st_uid == 0
