"""A statement that a connection prepares once and then runs with little Python, because every append waits for it.

The cursors of the driver parse the query, adapt each parameter and keep a cache of prepared statements: a third of the
client's time of an append. Here every parameter is sent as its text. Bounds and errors are those of the driver.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID
from weakref import WeakSet

import psycopg
from psycopg import errors, generators
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from projections.log.connections import Pool, translated

_DONE: Final = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Prepared:
    """One statement, with $1, $2, ... for its parameters, on all connections of a pool that it runs on."""

    def __init__(self, name: str, statement: str) -> None:
        self._name = name.encode()
        self._statement = statement.encode()
        self._on: WeakSet[psycopg.Connection[Any]] = WeakSet()

    def value(self, pool: Pool, parameters: Iterable[object]) -> bytes:
        """The only value of the only row of the result, as text; in a transaction of its own.

        Raises the errors of the driver, LogUnavailableError, and LogUnreachedError if nothing was sent.
        """
        texts = [_text(parameter) for parameter in parameters]
        if b"\0" in b"".join(filter(None, texts)):
            raise psycopg.DataError("A text in PostgreSQL cannot contain a NUL character.")
        with translated():
            connection = pool.getconn()  # `pool.connection()` would cost half as much as the statement
            try:
                return self._value(connection, texts)
            finally:
                pool.putconn(connection)

    def _value(self, connection: psycopg.Connection[Any], texts: Sequence[bytes | None]) -> bytes:
        if connection not in self._on:
            self._prepare(connection)
        try:
            return self._run(connection, texts)
        except errors.InvalidSqlStatementName:  # the driver forgets all statements after a DROP or a ROLLBACK
            self._prepare(connection)
            return self._run(connection, texts)

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        connection.pgconn.send_prepare(self._name, self._statement)
        _result(connection)
        self._on.add(connection)

    def _run(self, connection: psycopg.Connection[Any], texts: Sequence[bytes | None]) -> bytes:
        connection.pgconn.send_query_prepared(self._name, texts)
        return _result(connection).get_value(0, 0) or b""


def _text(parameter: object) -> bytes | None:
    # PostgreSQL reads a UUID without dashes too, and that text is made in half the time.
    return None if parameter is None else (parameter.hex if isinstance(parameter, UUID) else str(parameter)).encode()


def _result(connection: psycopg.Connection[Any]) -> PGresult:
    """Waits no longer than any statement of the connection may take."""
    result: PGresult = connection.wait(generators.execute(connection.pgconn))[-1]
    if result.status not in _DONE:
        raise errors.error_from_result(result, encoding=connection.info.encoding)
    return result
