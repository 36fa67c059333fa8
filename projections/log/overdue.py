"""Ends the wait for an answer of PostgreSQL that is overdue: libpq's own calls wait without a limit.

While statements run, a thread looks at them ten times a second. Where one is overdue it shuts down the socket of the
connection, and the call that waits fails.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any, Final

import psycopg
from psycopg.pq.abc import PGresult

from projections.log.connections import SILENCE_SECONDS, BoundConnection

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


WATCH: Final = Watch()
"""The one of this process."""
