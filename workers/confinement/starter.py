"""Starts fork servers for a process that may not become another user: the supervisor does, each as a user of its own.

    the worker: a request with three files -> the supervisor: a fork server that has them -> its end is told

The supervisor decides what is started; a request has nothing but the server's standard input, its standard error, and a
socket on which its exit code is told, and whose closing ends it.
"""

import os
import select
import signal
import socket
import struct
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import BoundedSemaphore, Thread
from typing import BinaryIO, Final, Protocol

from workers.confinement.privileges import give_up_for_own_user

ENVIRONMENT: Final = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""All that a server is given: our own environment holds keys. A child touches each page of its memory for the first
time; where the kernel has pages of 2 MiB for those who ask, that takes a third of the time."""
REQUEST: Final = b"s"
FILES: Final = 3
CODE: Final = struct.Struct("<i")
MOST_SERVERS: Final = 32
"""That live at once: a server is replaced after a crash, and ends when the jobs that it has do."""


_inherited: list[socket.socket] = []


def inherit(descriptor: int) -> None:
    """From now on, ask the supervisor by this inherited socket."""
    starter = socket.socket(fileno=descriptor)
    starter.set_inheritable(False)
    _inherited[:] = [starter]


class Started(Protocol):
    """A process that was started for us."""

    def wait(self) -> int:
        """Its exit code, when it has ended."""

    def kill(self) -> None:
        """End it at once."""


def start(command: Sequence[str], control: socket.socket, complaint: BinaryIO) -> Started:
    """Start a fork server: by the supervisor if it gave us a socket for that, else by ourselves. Raises OSError."""
    if _inherited:
        return _BySupervisor(_inherited[0], control, complaint)
    return _popen(command, control.fileno(), complaint.fileno())


class Starter:
    """The supervisor's side. `end` is for the process that asks, to be inherited.

    A fork server has these rights until it has loaded its modules.
    """

    def __init__(self, command: Callable[[], Sequence[str]], rights: Sequence[int]) -> None:
        self._command = command
        self._rights = rights
        self._permits = BoundedSemaphore(MOST_SERVERS)
        self._requests, self.end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        Thread(target=self._serve, name="starter of fork servers", daemon=True).start()

    def close(self) -> None:
        """Start no other server."""
        self.end.close()
        self._requests.close()

    def _serve(self) -> None:
        while True:
            try:
                message, files, _, _ = socket.recv_fds(self._requests, len(REQUEST), FILES)
            except OSError:
                return
            if message == REQUEST and len(files) == FILES and self._permits.acquire(blocking=False):
                # A server dies with the thread that started it, so that thread does nothing but wait for it.
                Thread(target=self._live, args=files, name="fork server", daemon=True).start()
                continue
            for file in files:
                os.close(file)
            if not message:
                return

    def _live(self, control: int, complaint: int, life: int) -> None:
        try:
            with socket.socket(fileno=life) as end, suppress(OSError):
                try:
                    become = give_up_for_own_user(self._rights)
                    process = _popen(self._command(), control, complaint, become)
                finally:
                    os.close(control)
                    os.close(complaint)
                end.send(CODE.pack(_ended(process, end)))
        finally:
            self._permits.release()


def _ended(process: "subprocess.Popen[bytes]", end: socket.socket) -> int:
    """The exit code. The process is killed if the other side closes its end before."""
    ended = os.pidfd_open(process.pid)
    try:
        if end.fileno() in select.select([ended, end.fileno()], [], [])[0]:
            process.kill()
        return process.wait()
    finally:
        os.close(ended)


class _BySupervisor:
    def __init__(self, starter: socket.socket, control: socket.socket, complaint: BinaryIO) -> None:
        self._life, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            socket.send_fds(starter, [REQUEST], [control.fileno(), complaint.fileno(), theirs.fileno()])

    def wait(self) -> int:
        with self._life:
            told = self._life.recv(CODE.size)
        return int(CODE.unpack(told)[0]) if len(told) == CODE.size else -signal.SIGKILL

    def kill(self) -> None:
        with suppress(OSError):
            self._life.shutdown(socket.SHUT_WR)


def _popen(
    command: Sequence[str], control: int, complaint: int, become: Callable[[], None] | None = None
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
        command,
        stdin=control,
        stdout=subprocess.DEVNULL,
        stderr=complaint,
        env=ENVIRONMENT,
        preexec_fn=become,  # noqa: PLW1509 - it takes no lock, see there
        start_new_session=True,  # Ctrl-C at a terminal is for the client
    )
