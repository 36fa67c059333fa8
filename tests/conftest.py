"""What every tier shares: real servers, a fresh database for each test, and uploads with a history."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from redis import Redis

from projections.log.schema import migrate
from tests.servers import running_postgres, running_valkey


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
        yield postgres.url


@pytest.fixture(scope="session")
def template(postgres_url: str) -> str:
    """A database with the schema applied, from which each test's own is copied."""
    name = "template_darkroom"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    migrate(_url_of(postgres_url, name))
    return name


@contextmanager
def new_database(postgres_url: str, template: str) -> Iterator[str]:
    """A database with the schema applied; it is dropped afterwards."""
    name = f"test_{uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(create)
        yield _url_of(postgres_url, name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database_url(postgres_url: str, template: str) -> Iterator[str]:
    """A database of the test's own with the schema applied."""
    with new_database(postgres_url, template) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(postgres_url: str, template: str) -> Iterator[str]:
    """A database that the tests of one file share, with the schema applied."""
    with new_database(postgres_url, template) as url:
        yield url


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """A database of the test's own with nothing in it."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield _url_of(postgres_url, name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


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


def _url_of(postgres_url: str, database: str) -> str:
    return postgres_url.replace("///darkroom?", f"///{database}?")
