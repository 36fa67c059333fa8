"""A statement that a connection prepares once and then runs with little Python, because every append waits for it.

The cursors of the driver parse the query, adapt each parameter and keep a cache of prepared statements: a third of the
client's time of an append. Their wait gives Python's lock away at each step, and each time another thread takes it.
Here every parameter is sent as its text, and one call of libpq sends and waits. Bounds and errors are the driver's.
"""

from collections.abc import Sequence
from time import monotonic
from typing import cast

import psycopg
from psycopg import errors
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

from projections.log.connections import FRESH_SECONDS, BoundConnection, Pool, translated
from projections.log.overdue import WATCH


class Prepared:
    """One statement, with $1, $2, ... for its parameters, on all connections of a pool that it runs on."""

    def __init__(self, name: str, statement: str) -> None:
        self._name = name.encode()
        self._statement = statement.encode()

    def value(self, pool: Pool, texts: Sequence[bytes | None]) -> bytes:
        """The only value of the only row of the result; in a transaction of its own. Every value is a text.

        Raises the errors of the driver, LogUnavailableError, and LogUnreachedError if nothing was sent.
        """
        if b"\0" in b"".join(filter(None, texts)):
            raise psycopg.DataError("A text in PostgreSQL cannot contain a NUL character.")
        try:
            connection = pool.getconn()  # `pool.connection()` would cost half as much as the statement
            try:
                return self._value(cast("BoundConnection", connection), texts)
            finally:
                pool.putconn(connection)
        except psycopg.Error:
            with translated():
                raise

    def _value(self, connection: BoundConnection, texts: Sequence[bytes | None]) -> bytes:
        if self._name not in connection.prepared:
            self._prepare(connection)
        try:
            return self._run(connection, texts)
        except errors.InvalidSqlStatementName:  # the driver forgets all statements after a DROP or a ROLLBACK
            self._prepare(connection)
            return self._run(connection, texts)

    def _prepare(self, connection: BoundConnection) -> None:
        result = WATCH.answer(connection, connection.pgconn.prepare, self._name, self._statement)
        if result.status != ExecStatus.COMMAND_OK:
            raise _error(connection, result)
        connection.prepared.add(self._name)

    def _run(self, connection: BoundConnection, texts: Sequence[bytes | None]) -> bytes:
        result = WATCH.answer(connection, connection.pgconn.exec_prepared, self._name, texts)
        if result.status != ExecStatus.TUPLES_OK:
            raise _error(connection, result)
        connection.fresh_until = monotonic() + FRESH_SECONDS
        return result.get_value(0, 0) or b""


def _error(connection: BoundConnection, result: PGresult) -> psycopg.Error:
    if connection.pgconn.status == ConnStatus.BAD and not result.error_field(DiagnosticField.SQLSTATE):
        return psycopg.OperationalError(result.get_error_message())
    return errors.error_from_result(result, encoding=connection.info.encoding)
