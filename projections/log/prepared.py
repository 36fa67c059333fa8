"""A statement that a connection prepares once and then runs with little Python, because every append waits for it.

The cursors of the driver parse the query, adapt each parameter and keep a cache of prepared statements: a third of the
client's time of an append. Here every parameter is sent as its text, and the answer is awaited in one loop. Bounds and
errors are those of the driver.
"""

from collections.abc import Sequence
from time import monotonic
from typing import Final, cast

import psycopg
from psycopg import errors, generators
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from projections.log.connections import SILENCE_SECONDS, BoundConnection, Pool, translated

_DONE: Final = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


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
        with translated():
            connection = pool.getconn()  # `pool.connection()` would cost half as much as the statement
            try:
                return self._value(cast("BoundConnection", connection), texts)
            finally:
                pool.putconn(connection)

    def _value(self, connection: BoundConnection, texts: Sequence[bytes | None]) -> bytes:
        if self._name not in connection.prepared:
            self._prepare(connection)
        try:
            return self._run(connection, texts)
        except errors.InvalidSqlStatementName:  # the driver forgets all statements after a DROP or a ROLLBACK
            self._prepare(connection)
            return self._run(connection, texts)

    def _prepare(self, connection: BoundConnection) -> None:
        connection.pgconn.send_prepare(self._name, self._statement)
        _result(connection)
        connection.prepared.add(self._name)

    def _run(self, connection: BoundConnection, texts: Sequence[bytes | None]) -> bytes:
        connection.pgconn.send_query_prepared(self._name, texts)
        return _result(connection).get_value(0, 0) or b""


def _result(connection: BoundConnection) -> PGresult:
    """Waits no longer than any statement of the connection may take.

    Does what `connection.wait(generators.execute(pgconn))` does, which took an eighth more of an append's CPU.
    """
    pgconn, incoming = connection.pgconn, connection.incoming
    deadline = monotonic() + connection.statement_seconds + SILENCE_SECONDS
    if pgconn.flush():  # the statement is longer than what the socket takes at once
        connection.wait(generators.send(pgconn))
    results: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            if not incoming.poll(max(deadline - monotonic(), 0) * 1000):
                raise psycopg.OperationalError("PostgreSQL did not answer in time.")
            pgconn.consume_input()
        if (result := pgconn.get_result()) is None:
            break
        results.append(result)
    if results[-1].status not in _DONE:
        raise errors.error_from_result(results[-1], encoding=connection.info.encoding)
    return results[-1]
