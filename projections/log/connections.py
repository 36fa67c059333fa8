"""Connection pools for PostgreSQL, in autocommit. Every wait has a time limit.

Errors of the driver are translated only here.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from select import POLLIN, poll
from time import monotonic
from types import TracebackType
from typing import Any, Final, TypeVar, cast

import psycopg
from psycopg import BaseConnection
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGconn
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolClosed, PoolTimeout

from domain.errors import LogUnavailableError, LogUnreachedError

CONNECT_SECONDS: Final = 2
POOL_SECONDS: Final = 2.0
STATEMENT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 1.5
"""The statement limit while a client waits for the answer. After it, the client gets an error and can ask again."""
SILENCE_SECONDS: Final = 0.25
"""Extra wait after the statement limit. PostgreSQL ends the statement within it, unless the server is frozen."""
IDLE_IN_TRANSACTION_SECONDS: Final = 5
"""A frozen process loses its open transaction, and with it its locks, after this time."""

PLANNED_ONCE: Final = " -c plan_cache_mode=force_generic_plan"
"""Of polls. By itself PostgreSQL plans a statement that takes an array at every call, which costs a poll ten times its
execution. For searches that is right: their best plan depends on what is searched for."""

SPARE_SECONDS: Final = 60.0
"""So long a pool of threads hands a connection on itself. Then the library sees it again, which closes those that are
old or too many."""
FRESH_SECONDS: Final = 0.001
"""So long after an append was answered its connection is taken for open. To ask gives Python's lock away: under load,
the next append would wait for a turn once more."""

INTERVAL_SECONDS: Final = 0.1
"""The default of the driver: how often it checks for an interrupt."""

Pool = ConnectionPool[psycopg.Connection[Any]]

_T = TypeVar("_T")

_AWAY: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.ReadOnlySqlTransaction,  # during a failover this server is not the primary
)


class BoundConnection(psycopg.Connection[Any]):
    """A connection that treats a server that does not answer in time as unavailable."""

    statement_seconds = STATEMENT_SECONDS

    def __init__(self, pgconn: PGconn) -> None:
        super().__init__(pgconn)
        self.spare_until = 0.0
        """Until then its pool hands it on itself, by monotonic()."""
        self.fresh_until = 0.0
        """Until then its pool takes it for open."""
        self.prepared: set[bytes] = set()
        """The names of the statements that projections/log/prepared.py has prepared."""
        self.incoming = poll()
        """Tells when the server has sent something or closed the connection."""
        self.incoming.register(pgconn.socket, POLLIN)

    def wait(self, gen: PQGen[_T], interval: float = INTERVAL_SECONDS, timeout: float | None = None) -> _T:
        """Wait for the generator of the driver until the timeout; by default, as long as a statement may take."""
        return super().wait(gen, interval, self.statement_seconds + SILENCE_SECONDS if timeout is None else timeout)

    def commit(self) -> None:
        """Commit the transaction if there is one. The pool asks each time, and the driver would wait for nothing."""
        if self.pgconn.transaction_status != TransactionStatus.IDLE:
            super().commit()


class BoundAsyncConnection(psycopg.AsyncConnection[Any]):
    """The same on an event loop, for polls only. They wait no longer than ANSWER_SECONDS for a statement."""

    async def wait(
        self,
        gen: PQGen[_T],
        interval: float = INTERVAL_SECONDS,
        timeout: float | None = None,  # noqa: ASYNC109 - the driver's
    ) -> _T:
        """Wait for the generator of the driver until the timeout; by default, as long as a statement may take."""
        return await super().wait(gen, interval, ANSWER_SECONDS + SILENCE_SECONDS if timeout is None else timeout)


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


def _options(application_name: str, statement_seconds: float, more: str = "") -> dict[str, Any]:
    return {
        "autocommit": True,
        "connect_timeout": CONNECT_SECONDS,
        "application_name": application_name,
        "tcp_user_timeout": round(statement_seconds * 1000),
        "options": f"-c statement_timeout={round(statement_seconds * 1000)}"
        f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_SECONDS}s -c timezone=UTC{more}",
    }


class translated:  # noqa: N801 - read as a verb, and a class because a generator takes three times its calls
    """Translates the temporary errors of the driver to LogUnavailableError; LogUnreachedError if nothing was sent."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, (PoolTimeout, PoolClosed)):
            raise LogUnreachedError from error
        if isinstance(error, _AWAY):
            raise LogUnavailableError from error


@contextmanager
def connected(pool: Pool) -> Iterator[psycopg.Connection[Any]]:
    """A connection in autocommit. Raises LogUnavailableError; LogUnreachedError if nothing was sent."""
    with translated(), pool.connection() as connection:
        yield connection
