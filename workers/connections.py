"""A connection to PostgreSQL for the workers' own tables, the driver's errors translated. Opens no pool."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from domain.errors import LogUnavailableError

Pool = ConnectionPool[psycopg.Connection[Any]]

_AWAY: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.ReadOnlySqlTransaction,  # in a failover: no longer the primary, or not yet
    PoolTimeout,
    PoolClosed,
)


@contextmanager
def connected(pool: Pool) -> Iterator[psycopg.Connection[Any]]:
    """A connection in autocommit. Raises LogUnavailableError: where these tables are, there the log is."""
    try:
        with pool.connection() as connection:
            yield connection
    except _AWAY as error:
        raise LogUnavailableError from error
