"""What every tier shares: real servers, a fresh database for each test, and uploads with a history."""

import os
import signal
from collections.abc import Iterator

import psycopg
import pytest
from redis import Redis

from tests.databases import Databases
from tests.servers import running_postgres, running_valkey
from tests.stepped_clock import SteppedClock


def pytest_configure() -> None:
    """Let every child hear Ctrl-C: a shell makes what it begins in the background deaf to it, and so all below that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Commands keep their session tokens in a folder of the run, and never in the one of the person who runs it."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL for the whole run."""
    with running_postgres() as postgres:
        with psycopg.connect(postgres.url, autocommit=True) as connection:  # no test needs what survives a power cut
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield postgres.url


@pytest.fixture(scope="session")
def databases(postgres_url: str) -> Iterator[Databases]:
    """The databases of that PostgreSQL."""
    databases = Databases(postgres_url)
    yield databases
    databases.close()


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database of the test's own with the schema applied."""
    with databases.one() as url:
        yield url


@pytest.fixture
def other_url(databases: Databases) -> Iterator[str]:
    """A second one."""
    with databases.one() as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(databases: Databases) -> Iterator[str]:
    """A database that the tests of one file share, with the schema applied."""
    with databases.one() as url:
        yield url


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A database of the test's own with nothing in it."""
    with databases.one_without_schema() as url:
        yield url


@pytest.fixture
def clock(empty_database_url: str) -> SteppedClock:
    """The clock of the database at empty_database_url, which gets the schema."""
    return SteppedClock(empty_database_url)


@pytest.fixture(scope="session")
def valkey_server_url() -> Iterator[str]:
    """A real Valkey for the whole run."""
    with running_valkey() as valkey:
        yield valkey.url


@pytest.fixture
def valkey_url(valkey_server_url: str) -> str:
    """A real Valkey, emptied for the test."""
    with Redis.from_url(valkey_server_url) as client:
        client.flushall()
    return valkey_server_url
