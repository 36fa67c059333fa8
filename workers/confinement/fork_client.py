"""The client of a fork server: starts it, sends it jobs, and starts another one in place of one that ended.

    none -> (a job) starting -> serving -> ended, silent, or replaced -> none

A server is replaced after a child has crashed: children of one server have the same memory layout, and hostile code
could find it out by crashing one child after another. The jobs under way still end in the old one.
"""

import os
import select
import signal
import socket
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread
from typing import BinaryIO, Final, NoReturn

from workers.confinement.fork_server import ALLOWANCE, ENDING, Allowance, Ending
from workers.confinement.starter import Started, start

SILENCE_SECONDS: Final = 10.0
"""How long after a child's time is over the server may take to tell. Its own work takes milliseconds."""
LAST_SECONDS: Final = 5.0
"""How long a server that closed its end may take to end."""
COMPLAINT_BYTES: Final = 500
CRASHES: Final = {-number for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE)}


class ForkServerError(Exception):
    """A job got no ending, which is not its own fault."""


class ServerEndedError(ForkServerError):
    """The fork server ended before the job did. The job can be sent again."""


class ServerSilentError(ForkServerError):
    """The fork server told nothing in time, or cannot be started."""


class _Server:
    """A server that runs. It dies with the thread that started it, so that thread does nothing but wait for it."""

    def __init__(self, command: Sequence[str], open_file: Callable[[], BinaryIO]) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.control.settimeout(SILENCE_SECONDS)
        self._process: Future[Started] = Future()
        self._ending: Future[str] = Future()
        Thread(target=self._live, args=(command, theirs, open_file), name="fork server", daemon=True).start()
        try:
            self._process.result()
        except OSError as error:
            self.control.close()
            raise ServerSilentError(f"no child: {error}") from error

    def ending(self) -> str:
        """How it ended, and its last words. Raises TimeoutError if it has not."""
        return self._ending.result(LAST_SECONDS)

    def kill(self) -> None:
        """End it and its children at once."""
        with suppress(PermissionError):  # it is another user's, and we have been root and are not any more
            self._process.result().kill()

    def _live(self, command: Sequence[str], theirs: socket.socket, open_file: Callable[[], BinaryIO]) -> None:
        with open_file() as complaint:
            try:
                with theirs:
                    process = start(command, theirs, complaint)
            except OSError as error:
                self._process.set_exception(error)
                return
            self._process.set_result(process)
            code = process.wait()
            complaint.seek(max(0, complaint.seek(0, os.SEEK_END) - COMPLAINT_BYTES))
            last_words = complaint.read().decode(errors="replace")
            self._ending.set_result(f"the fork server ended with {code}: {last_words}")


class ForkClient:
    """Runs jobs in children of a fork server, from any number of threads; the server ends with it."""

    def __init__(self, command: Callable[[], Sequence[str]], open_file: Callable[[], BinaryIO]) -> None:
        self._command = command
        self._open_file = open_file
        self._lock = Lock()
        self._server: _Server | None = None
        self._is_closed = False
        self._forget: Callable[[], object] = lambda: None

    def run(self, allowance: Allowance, files: Sequence[BinaryIO]) -> Ending:
        """Run one child with these as its standard files. Raises ServerEndedError, ServerSilentError."""
        told, tell = os.pipe()
        try:
            try:
                server = self._sent(allowance, [*(file.fileno() for file in files), tell])
            finally:
                os.close(tell)
            ending = self._told(server, told, allowance.wall_seconds + SILENCE_SECONDS)
        finally:
            os.close(told)
        if ending.code in CRASHES:
            self._leave(server)
        return ending

    def close(self) -> None:
        """End the server, its children and their jobs, and start no other one."""
        with self._lock:
            self._is_closed = True
            if server := self._server:
                self._drop(server)
                server.kill()
                with suppress(TimeoutError):
                    server.ending()

    def _sent(self, allowance: Allowance, files: list[int]) -> _Server:
        with self._lock:
            server = self._started()
            try:
                socket.send_fds(server.control, [ALLOWANCE.pack(*allowance)], files)
            except TimeoutError:
                self._give_up(server, "it takes no job")
            except OSError as error:
                self._lost(server, error)
        return server

    def _told(self, server: _Server, told: int, seconds: float) -> Ending:
        if not _is_readable(told, seconds):
            with self._lock:
                self._give_up(server, f"no outcome in {seconds:g} s")
        message = os.read(told, ENDING.size)
        if len(message) < ENDING.size:
            with self._lock:
                self._lost(server, None)
        return Ending(*ENDING.unpack(message))

    def _started(self) -> _Server:
        if self._is_closed:
            raise ServerSilentError("the fork server was closed")
        if self._server is None:
            self._server = server = _Server(self._command(), self._open_file)
            # A client that is not used any more leaves no server behind.
            self._forget = weakref.finalize(self, server.control.close)
        return self._server

    def _leave(self, server: _Server) -> None:
        with self._lock:
            self._drop(server)

    def _drop(self, server: _Server) -> None:
        if self._server is server:
            self._server = None
            self._forget()

    def _give_up(self, server: _Server, reason: str) -> NoReturn:
        self._drop(server)
        server.kill()
        raise ServerSilentError(reason)

    def _lost(self, server: _Server, error: OSError | None) -> NoReturn:
        self._drop(server)
        try:
            raise ServerEndedError(server.ending()) from error
        except TimeoutError:
            self._give_up(server, "it closed its end and lives on")


def _is_readable(file: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(file, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
