"""The peer of our log and projector: the eventsourcing library's own modules, set up as its documentation does."""

from contextlib import ExitStack
from urllib.parse import parse_qs, urlsplit

from eventsourcing.persistence import ApplicationRecorder
from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment

NAME = "bench"


def environment(url: str) -> dict[str, str]:
    """The library's settings for a database on a unix socket."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path.lstrip("/"),
        "POSTGRES_HOST": query["host"][0],
        "POSTGRES_PORT": "5432",
        "POSTGRES_USER": query["user"][0],
        "POSTGRES_PASSWORD": "",
        "POSTGRES_POOL_SIZE": "1",
        "POSTGRES_MAX_OVERFLOW": "7",
        "CREATE_TABLE": "no",
    }


def recorder(url: str, stack: ExitStack) -> ApplicationRecorder:
    """The recorder for applications: the one that keeps an order that a reader can follow."""
    factory = PostgresFactory(Environment(NAME, environment(url)))
    stack.callback(factory.close)
    return factory.application_recorder()


def create_tables(url: str) -> None:
    """Make the library's tables; two processes that do so at once would crash."""
    factory = PostgresFactory(Environment(NAME, environment(url) | {"CREATE_TABLE": "yes"}))
    factory.application_recorder()
    factory.close()
