"""A statement that a connection prepares once and then runs with little Python, because every append waits for it.

The cursors of the driver parse the query, adapt each parameter and keep a cache of prepared statements: a third of the
client's time of an append. Here parameters are text already. Bounds and errors are those of the driver.
"""

from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakSet

import psycopg
from psycopg import errors, generators
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

_DONE: Final = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Prepared:
    """One statement, with $1, $2, ... for its parameters, on all connections that it runs on."""

    def __init__(self, name: str, statement: str) -> None:
        self._name = name.encode()
        self._statement = statement.encode()
        self._on: WeakSet[psycopg.Connection[Any]] = WeakSet()

    def value(self, connection: psycopg.Connection[Any], parameters: Sequence[bytes | None]) -> bytes:
        """The only value of the only row of the result, as text. Raises the errors of the driver."""
        if any(parameter and b"\0" in parameter for parameter in parameters):
            raise psycopg.DataError("A text in PostgreSQL cannot contain a NUL character.")
        if connection not in self._on:
            self._prepare(connection)
        try:
            return self._run(connection, parameters)
        except errors.InvalidSqlStatementName:  # the driver forgets all statements after a DROP or a ROLLBACK
            self._prepare(connection)
            return self._run(connection, parameters)

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        connection.pgconn.send_prepare(self._name, self._statement)
        _result(connection)
        self._on.add(connection)

    def _run(self, connection: psycopg.Connection[Any], parameters: Sequence[bytes | None]) -> bytes:
        connection.pgconn.send_query_prepared(self._name, parameters)
        return _result(connection).get_value(0, 0) or b""


def _result(connection: psycopg.Connection[Any]) -> PGresult:
    """Waits no longer than any statement of the connection may take."""
    result: PGresult = connection.wait(generators.execute(connection.pgconn))[-1]
    if result.status not in _DONE:
        raise errors.error_from_result(result, encoding=connection.info.encoding)
    return result
