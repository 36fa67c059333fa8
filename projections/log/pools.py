"""Pools of connections to PostgreSQL, in autocommit: one for threads, one for an event loop."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from select import POLLIN, poll
from time import monotonic
from typing import Any, Final, cast

import psycopg
from psycopg import BaseConnection
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from projections.log.connections import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    IDLE_IN_TRANSACTION_SECONDS,
    STATEMENT_SECONDS,
    BoundAsyncConnection,
    BoundConnection,
    translated,
)

POOL_SECONDS: Final = 2.0
"""How long a statement waits for a connection."""
SPARE_SECONDS: Final = 60.0
"""So long a pool of threads hands a connection on itself. Then the library sees it again, which closes those that are
old or too many."""

PLANNED_ONCE: Final = " -c plan_cache_mode=force_generic_plan"
"""Of polls. By itself PostgreSQL plans a statement that takes an array at every call, which costs a poll ten times its
execution. For searches that is right: their best plan depends on what is searched for."""

Pool = ConnectionPool[psycopg.Connection[Any]]


class _Pool(ConnectionPool[psycopg.Connection[Any]]):
    """A pool that hands on at once what was just given back, and skips connections that the server has closed.

    Taking and giving back through the library costs a fifth of an append's CPU of the client. Its check would take 1 s
    for each that is closed.
    """

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - the library's own
        self._spare: deque[BoundConnection] = deque()
        self._asking: deque[None] = deque()
        """One for each thread that found no spare connection, and asks or waits in the library's queue."""
        super().__init__(*given, **named)

    def getconn(self, timeout: float | None = None) -> psycopg.Connection[Any]:
        """An open connection. Raises PoolTimeout, PoolClosed."""
        now = monotonic()
        deadline = now + (self.timeout if timeout is None else timeout)
        while (connection := self._take(deadline)).fresh_until < now and connection.incoming.poll(0):
            connection.close()
            self.putconn(connection)
        return connection

    def putconn(self, conn: psycopg.Connection[Any]) -> None:
        """Take a connection back."""
        connection = cast("BoundConnection", conn)
        is_idle = connection.pgconn.transaction_status == TransactionStatus.IDLE
        if not is_idle or self._asking or connection.spare_until < monotonic():
            super().putconn(connection)
            return
        self._spare.append(connection)
        if self._asking or self.closed:  # since it was looked at
            self._return_spare()

    def close(self, timeout: float = 5.0) -> None:
        """Close all connections; those in use when they are given back."""
        super().close(timeout)
        while self._spare:
            self._return_spare()

    def _take(self, deadline: float) -> BoundConnection:
        try:
            return self._spare.popleft()
        except IndexError:
            self._asking.append(None)
        try:
            with suppress(IndexError):  # given back before it was seen that one is asked for
                return self._spare.popleft()
            connection = cast("BoundConnection", super().getconn(deadline - monotonic()))
        finally:
            self._asking.pop()
        connection.spare_until = monotonic() + SPARE_SECONDS
        return connection

    def _return_spare(self) -> None:
        with suppress(IndexError):  # another thread has taken it
            super().putconn(self._spare.popleft())


class _AsyncPool(AsyncConnectionPool[psycopg.AsyncConnection[Any]]):
    """The same pool on an event loop."""

    async def getconn(self, timeout: float | None = None) -> psycopg.AsyncConnection[Any]:  # noqa: ASYNC109 - the library's
        """An open connection. Raises PoolTimeout."""
        deadline = monotonic() + (self.timeout if timeout is None else timeout)
        while _is_closed(connection := await super().getconn(deadline - monotonic())):
            await connection.close()
            await self.putconn(connection)
        return connection


def open_pool(
    url: str, size: int, application_name: str, statement_seconds: float = STATEMENT_SECONDS
) -> ConnectionPool[psycopg.Connection[Any]]:
    """A pool for threads. It connects in the background, so that an unavailable database does not delay the start."""

    def configure(connection: psycopg.Connection[Any]) -> None:
        cast("BoundConnection", connection).statement_seconds = statement_seconds

    return _Pool(
        url,
        connection_class=BoundConnection,
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
    """A pool for an event loop. The caller opens it there."""
    return _AsyncPool(
        url,
        connection_class=connection_class,
        min_size=1,
        max_size=size,
        timeout=ANSWER_SECONDS,
        kwargs=_options(application_name, ANSWER_SECONDS, PLANNED_ONCE),
        reconnect_timeout=5,
        open=False,
    )


def _is_closed(connection: BaseConnection[Any]) -> bool:
    # A server that stops or ends a session closes the socket, which makes it readable. Checking that costs no round
    # trip. A server that vanished without closing is detected by the time limit of the next statement.
    waiting = poll()
    waiting.register(connection.fileno(), POLLIN)
    return bool(waiting.poll(0))


@contextmanager
def connected(pool: Pool) -> Iterator[psycopg.Connection[Any]]:
    """A connection in autocommit. Raises LogUnavailableError; LogUnreachedError if nothing was sent."""
    with translated(), pool.connection() as connection:
        yield connection


def _options(application_name: str, statement_seconds: float, more: str = "") -> dict[str, Any]:
    return {
        "autocommit": True,
        "connect_timeout": CONNECT_SECONDS,
        "application_name": application_name,
        "tcp_user_timeout": round(statement_seconds * 1000),
        "options": f"-c statement_timeout={round(statement_seconds * 1000)}"
        f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_SECONDS}s -c timezone=UTC{more}",
    }
