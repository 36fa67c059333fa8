"""Who may sign in to the embedded PostgreSQL: our own account as any role, that of our processes as theirs alone."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.embedded import peers
from app.embedded.accounts import postgres_account, supervisor_account, unprivileged_account, valkey_account
from app.embedded.child import Account
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from tests.servers import open_folder
from workers.confinement.privileges import acting_as

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


def test_our_own_account_signs_in_as_the_owner_and_as_the_processes(folder: Path) -> None:
    with EmbeddedPostgres(folder) as postgres:
        for url, role in ((postgres.url, "darkroom"), (postgres.service_url, "darkroom_service")):
            with psycopg.connect(url) as connection:
                assert connection.execute("SELECT current_user").fetchone() == (role,)
        with psycopg.connect(postgres.url) as connection:
            rules = connection.execute("SELECT type, auth_method FROM pg_hba_file_rules").fetchall()
            assert rules == [("local", "peer")]


@as_root
def test_the_account_without_rights_signs_in_as_the_processes_alone(folder: Path) -> None:
    account = unprivileged_account()
    assert account
    with EmbeddedPostgres(folder) as postgres:
        assert sign_in_as(account, postgres.service_url) == "signed in"
        assert "Peer authentication failed" in sign_in_as(account, postgres.url)


@as_root
def test_another_account_is_refused(folder: Path) -> None:
    account = unprivileged_account()
    assert account
    with EmbeddedPostgres(folder) as postgres:
        for url in (postgres.url, postgres.service_url):
            # It does not even reach the socket, nor does another program's process of our processes' account.
            assert "Permission denied" in sign_in_as(Account("daemon", 1, 1), url)
            assert "Permission denied" in sign_in_as(Account(account.name, account.uid, account.uid), url)


@as_root
def test_no_server_and_no_supervisor_signs_in(folder: Path) -> None:
    with EmbeddedPostgres(folder) as postgres:
        for account in (postgres_account(), valkey_account(), supervisor_account()):
            assert account
            for url in (postgres.url, postgres.service_url):
                assert "Peer authentication failed" in sign_in_as(account, url)


@as_root
def test_no_account_of_ours_reads_what_a_server_keeps(folder: Path) -> None:
    with EmbeddedPostgres(folder), EmbeddedValkey(folder):
        kept = {
            folder / "postgres" / "data" / "PG_VERSION": postgres_account(),
            folder / "valkey" / "appendonlydir": valkey_account(),
        }
        for place, owner in kept.items():
            for account in (postgres_account(), valkey_account(), unprivileged_account(), supervisor_account()):
                assert may_look(account, place) == (account == owner)


def may_look(account: Account | None, place: Path) -> bool:
    """Whether a process of that account can open it."""
    assert account
    with acting_as(account.uid, account.gid):
        try:
            os.close(os.open(place, os.O_RDONLY))
        except PermissionError:
            return False
    return True


def sign_in_as(account: Account, url: str) -> str:
    """What comes of it in a process of that account. It is forked: the account may not reach our interpreter."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
            psycopg.connect(url, connect_timeout=5)
            os.write(writing, b"signed in")
        except psycopg.Error as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as told:
        return told.read()


def test_data_of_an_older_version_that_believed_everybody_is_closed_at_the_next_start(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        pass
    rules = folder / "postgres" / "data" / "pg_hba.conf"
    rules.write_text("local all all trust\nhost all all 127.0.0.1/32 trust\n")
    with EmbeddedPostgres(folder) as postgres, psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT auth_method FROM pg_hba_file_rules").fetchall() == [("peer",)]


def test_an_account_without_a_name_signs_in_all_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "_own_name", lambda: None)
    with EmbeddedPostgres(folder) as postgres, psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("darkroom",)
