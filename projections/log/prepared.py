"""A statement that a connection prepares once and then runs with little Python, because every append waits for it.

The cursors of the driver parse the query, adapt each parameter and keep a cache of prepared statements: a third of the
client's time of an append. Their wait gives Python's lock away at each step, and each time another thread takes it.
Here every parameter is sent as its text, and one call of libpq sends and waits. Errors are the driver's.

libpq waits without a limit. So while statements run, a thread looks at them ten times a second. Where one is overdue it
shuts down the socket of the connection, and the call fails.
"""

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any, Final, cast

import psycopg
from psycopg import errors
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

from projections.log.connections import SILENCE_SECONDS, BoundConnection, translated
from projections.log.pools import Pool

FRESH_SECONDS: Final = 0.001
"""So long after it answered, a connection is taken for open. To ask gives Python's lock away: under load, the next
append would wait for a turn once more."""
LOOK_SECONDS: Final = 0.1


class Watch:
    """The connections that wait for an answer, and the thread that looks at them."""

    def __init__(self) -> None:
        self._due: dict[BoundConnection, float] = {}
        self._looking = Event()
        """As long as it is not set, the thread sleeps."""
        self._lock = Lock()
        """Held while a socket is shut down, so that the connection is not closed or used again meanwhile."""
        self._thread: Thread | None = None

    def answer(self, connection: BoundConnection, call: Callable[..., PGresult], *given: Any) -> PGresult:  # noqa: ANN401 - what the call takes
        """The result of a call of libpq. It may take as long as any statement of the connection.

        Raises psycopg.OperationalError if it is overdue.
        """
        try:
            self._due[connection] = monotonic() + connection.statement_seconds + SILENCE_SECONDS
            if not self._looking.is_set():
                self._rouse()
            return call(*given)
        finally:
            if self._due.pop(connection, None) is None:
                with self._lock:
                    raise psycopg.OperationalError("PostgreSQL did not answer in time.")

    def _rouse(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._look, name="overdue", daemon=True)
                self._thread.start()
        self._looking.set()

    def _look(self) -> None:
        while self._looking.wait():
            sleep(LOOK_SECONDS)
            now = monotonic()
            for connection, due in list(self._due.items()):
                if due < now:
                    self._shut_down(connection)
            if not self._due:
                self._looking.clear()
                if self._due:  # begun before it was seen that the thread will sleep
                    self._looking.set()

    def _shut_down(self, connection: BoundConnection) -> None:
        with self._lock:
            if self._due.pop(connection, None) is None:
                return
            with (
                suppress(OSError, psycopg.Error),  # it was lost meanwhile, so the call does not wait any more
                socket.socket(fileno=os.dup(connection.pgconn.socket)) as duplicate,
            ):
                duplicate.shutdown(socket.SHUT_RDWR)


_WATCH: Final = Watch()


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
            connection = pool.getconn()  # `pool.connection()` also enters the connection, and asks it to commit
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
        result = _WATCH.answer(connection, connection.pgconn.prepare, self._name, self._statement)
        if result.status != ExecStatus.COMMAND_OK:
            raise _error(connection, result)
        connection.prepared.add(self._name)

    def _run(self, connection: BoundConnection, texts: Sequence[bytes | None]) -> bytes:
        result = _WATCH.answer(connection, connection.pgconn.exec_prepared, self._name, texts)
        if result.status != ExecStatus.TUPLES_OK:
            raise _error(connection, result)
        connection.fresh_until = monotonic() + FRESH_SECONDS
        return result.get_value(0, 0) or b""


def _error(connection: BoundConnection, result: PGresult) -> psycopg.Error:
    if connection.pgconn.status == ConnStatus.BAD and not result.error_field(DiagnosticField.SQLSTATE):
        return psycopg.OperationalError(result.get_error_message())
    return errors.error_from_result(result, encoding=connection.info.encoding)
