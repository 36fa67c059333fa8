"""Connections to PostgreSQL: pools in autocommit whose every wait has a bound.

The driver's errors are translated here and nowhere else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from select import POLLIN, poll
from typing import Any, Final

import psycopg
from psycopg import BaseConnection
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolClosed, PoolTimeout

from domain.errors import LogUnavailableError

CONNECT_SECONDS: Final = 2
POOL_SECONDS: Final = 2.0
STATEMENT_SECONDS: Final = 10
IDLE_IN_TRANSACTION_SECONDS: Final = 5
"""A process that froze inside a transaction loses it, and with it its locks, after this long."""

_AWAY: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    PoolTimeout,
    PoolClosed,
)


def open_pool(url: str, size: int, application_name: str) -> ConnectionPool[psycopg.Connection[Any]]:
    """A pool for threads; it connects in the background, so that a database that is away delays nobody's start."""
    return ConnectionPool(
        url,
        min_size=1,
        max_size=size,
        timeout=POOL_SECONDS,
        kwargs=_options(application_name),
        check=_check,
        reconnect_timeout=5,
        open=True,
    )


def async_pool(url: str, size: int, application_name: str) -> AsyncConnectionPool[psycopg.AsyncConnection[Any]]:
    """A pool for an event loop, to be opened on it."""
    return AsyncConnectionPool(
        url,
        min_size=1,
        max_size=size,
        timeout=POOL_SECONDS,
        kwargs=_options(application_name),
        check=_check_async,
        reconnect_timeout=5,
        open=False,
    )


def _check(connection: psycopg.Connection[Any]) -> None:
    """Raise if the connection is of no use any more."""
    if _has_something_to_read(connection):
        ConnectionPool.check_connection(connection)


async def _check_async(connection: psycopg.AsyncConnection[Any]) -> None:
    if _has_something_to_read(connection):
        await AsyncConnectionPool.check_connection(connection)


def _has_something_to_read(connection: BaseConnection[Any]) -> bool:
    # A server that stops, or ends a session, closes its side, and that can be read. So nobody pays a round trip for
    # the question whether the server is still there; one that vanished without a word is found out by tcp_user_timeout.
    waiting = poll()
    waiting.register(connection.fileno(), POLLIN)
    return bool(waiting.poll(0))


def _options(application_name: str) -> dict[str, Any]:
    return {
        "autocommit": True,
        "connect_timeout": CONNECT_SECONDS,
        "application_name": application_name,
        "tcp_user_timeout": STATEMENT_SECONDS * 1000,
        "options": f"-c statement_timeout={STATEMENT_SECONDS}s"
        f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_SECONDS}s -c timezone=UTC",
    }


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's "not now" into LogUnavailableError."""
    try:
        yield
    except _AWAY as error:
        raise LogUnavailableError from error
