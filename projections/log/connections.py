"""Connections to PostgreSQL whose every wait has a time limit, and the errors of the driver in our own words.

They are translated only here.
"""

from select import POLLIN, poll
from types import TracebackType
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGconn
from psycopg_pool import PoolClosed, PoolTimeout

from domain.errors import LogUnavailableError, LogUnreachedError

CONNECT_SECONDS: Final = 2
STATEMENT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 1.5
"""The statement limit while a client waits for the answer. After it, the client gets an error and can ask again."""
SILENCE_SECONDS: Final = 0.25
"""Extra wait after the statement limit. PostgreSQL ends the statement within it, unless the server is frozen."""
IDLE_IN_TRANSACTION_SECONDS: Final = 5
"""A frozen process loses its open transaction, and with it its locks, after this time."""

INTERVAL_SECONDS: Final = 0.1
"""The default of the driver: how often it checks for an interrupt."""

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


class translated:  # noqa: N801 - read as a verb, and a class because a generator takes three times its calls
    """Translates the temporary errors of the driver to LogUnavailableError; LogUnreachedError if nothing was sent."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, (PoolTimeout, PoolClosed)):
            raise LogUnreachedError from error
        if isinstance(error, _AWAY):
            raise LogUnavailableError from error
