"""Connections to PostgreSQL: pools in autocommit whose every wait has a bound.

The driver's errors are translated here and nowhere else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from select import POLLIN, poll
from time import monotonic
from typing import Any, Final, TypeVar, cast

import psycopg
from psycopg import BaseConnection
from psycopg.abc import PQGen
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolClosed, PoolTimeout

from domain.errors import LogUnavailableError, LogUnreachedError

CONNECT_SECONDS: Final = 2
POOL_SECONDS: Final = 2.0
STATEMENT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 1.5
"""The same where a client waits for the answer, who is better told to come again."""
SILENCE_SECONDS: Final = 0.25
"""How long after its time a statement is waited for: PostgreSQL ends it by itself, unless it stands still."""
IDLE_IN_TRANSACTION_SECONDS: Final = 5
"""A process that froze inside a transaction loses it, and with it its locks, after this long."""

INTERVAL_SECONDS: Final = 0.1
"""The driver's own: how often it looks whether it was interrupted."""

Pool = ConnectionPool[psycopg.Connection[Any]]

_T = TypeVar("_T")

_AWAY: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.ReadOnlySqlTransaction,  # in a failover: no longer the primary, or not yet
)


class _BoundConnection(psycopg.Connection[Any]):
    """A connection on which a server that says nothing at all is given up, as one that is away."""

    statement_seconds = STATEMENT_SECONDS

    def wait(self, gen: PQGen[_T], interval: float = INTERVAL_SECONDS, timeout: float | None = None) -> _T:
        """Wait for the driver's generator, as long as the caller says, or else as long as a statement may take."""
        bound = self.statement_seconds + SILENCE_SECONDS if timeout is None else timeout
        return super().wait(gen, interval, bound)


class BoundAsyncConnection(psycopg.AsyncConnection[Any]):
    """The same on an event loop, for polls alone: they wait for an answer, and not for a server to be told to stop."""

    async def wait(
        self,
        gen: PQGen[_T],
        interval: float = INTERVAL_SECONDS,
        timeout: float | None = None,  # noqa: ASYNC109 - the driver's
    ) -> _T:
        """Wait for the driver's generator, as long as the caller says, or else as long as a statement may take."""
        return await super().wait(gen, interval, ANSWER_SECONDS + SILENCE_SECONDS if timeout is None else timeout)


class _Pool(ConnectionPool[psycopg.Connection[Any]]):
    """Gives out no connection that the server has closed. The library's own check would wait a second for each one."""

    def getconn(self, timeout: float | None = None) -> psycopg.Connection[Any]:
        """A connection to work with. Raises PoolTimeout."""
        deadline = monotonic() + (self.timeout if timeout is None else timeout)
        while _is_closed(connection := super().getconn(deadline - monotonic())):
            connection.close()
            self.putconn(connection)
        return connection


class _AsyncPool(AsyncConnectionPool[psycopg.AsyncConnection[Any]]):
    """The same on an event loop."""

    async def getconn(self, timeout: float | None = None) -> psycopg.AsyncConnection[Any]:  # noqa: ASYNC109 - the library's
        """A connection to work with. Raises PoolTimeout."""
        deadline = monotonic() + (self.timeout if timeout is None else timeout)
        while _is_closed(connection := await super().getconn(deadline - monotonic())):
            await connection.close()
            await self.putconn(connection)
        return connection


def open_pool(
    url: str, size: int, application_name: str, statement_seconds: float = STATEMENT_SECONDS
) -> ConnectionPool[psycopg.Connection[Any]]:
    """A pool for threads; it connects in the background, so that a database that is away delays nobody's start."""

    def configure(connection: psycopg.Connection[Any]) -> None:
        cast("_BoundConnection", connection).statement_seconds = statement_seconds

    return _Pool(
        url,
        connection_class=_BoundConnection,
        configure=configure,
        min_size=1,
        max_size=size,
        timeout=min(POOL_SECONDS, statement_seconds),
        kwargs=_options(application_name, statement_seconds),
        reconnect_timeout=5,
        open=True,
    )


def async_pool(
    url: str,
    size: int,
    application_name: str,
    connection_class: type[BoundAsyncConnection] = BoundAsyncConnection,
) -> AsyncConnectionPool[psycopg.AsyncConnection[Any]]:
    """A pool for an event loop, to be opened on it."""
    return _AsyncPool(
        url,
        connection_class=connection_class,
        min_size=1,
        max_size=size,
        timeout=ANSWER_SECONDS,
        kwargs=_options(application_name, ANSWER_SECONDS),
        reconnect_timeout=5,
        open=False,
    )


def _is_closed(connection: BaseConnection[Any]) -> bool:
    # A server that stops, or ends a session, closes its side, and that can be read. So nobody pays a round trip for
    # the question whether it is still there; one that vanished without a word is given up at the next statement.
    waiting = poll()
    waiting.register(connection.fileno(), POLLIN)
    return bool(waiting.poll(0))


def _options(application_name: str, statement_seconds: float) -> dict[str, Any]:
    return {
        "autocommit": True,
        "connect_timeout": CONNECT_SECONDS,
        "application_name": application_name,
        "tcp_user_timeout": round(statement_seconds * 1000),
        "options": f"-c statement_timeout={round(statement_seconds * 1000)}"
        f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_SECONDS}s -c timezone=UTC",
    }


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's "not now" into LogUnavailableError, or LogUnreachedError where nothing was sent."""
    try:
        yield
    except (PoolTimeout, PoolClosed) as error:
        raise LogUnreachedError from error
    except _AWAY as error:
        raise LogUnavailableError from error


@contextmanager
def connected(pool: Pool) -> Iterator[psycopg.Connection[Any]]:
    """A connection in autocommit. Raises LogUnavailableError, or LogUnreachedError where nothing was sent."""
    with translated(), pool.connection() as connection:
        yield connection
