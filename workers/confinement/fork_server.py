"""A fork server: a process that has loaded what a job needs, and forks one child for each job.

    loaded -> unprivileged -> a request: a child is forked -> the child ends: its ending is told -> ...

It reads no byte of a job. The files of a job are opened by the client, sent with the request, and are the child's
standard input, output and error; it has no other. The server ends with its client, and a child with the server.
"""

import os
import resource
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final, NamedTuple, NoReturn

from workers.confinement.process_control import die_with

ALLOWANCE: Final = struct.Struct("<QQQd?")
ENDING: Final = struct.Struct("<i?")
FILES: Final = 4
"""The files of a request: the three standard files of the child, and a pipe that reports how it ended."""
MOST_FILES: Final = 512
"""That a server may have open; a child closes as many."""


class Allowance(NamedTuple):
    """What one child may use; `wall_seconds` is the server's to enforce, the rest is the child's own first duty."""

    memory_bytes: int
    cpu_seconds: int
    answer_bytes: int
    wall_seconds: float
    must_confine: bool


class Ending(NamedTuple):
    """How a child ended."""

    code: int
    """Its exit code, or less than zero the signal that ended it."""
    is_overdue: bool
    """The server ended it, because its wall time was over."""


class _Child(NamedTuple):
    reply: int
    due: float


class ForkServer:
    """Serves one client, whose requests come from `control`."""

    def __init__(self, control: socket.socket, work: Callable[[Allowance], None]) -> None:
        self._control = control
        self._work = work
        self._pid = os.getpid()
        self._children: dict[int, _Child] = {}
        self._overdue: set[int] = set()

    def run(self) -> None:
        """Fork until the client closes its end, then wait for the children that are left."""
        resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))
        for number in (signal.SIGTERM, signal.SIGINT):
            # A service manager that stops us signals every process. We end with our client, and our children by their
            # limits or with us, or a photo would be blamed for the stop.
            signal.signal(number, signal.SIG_IGN)
        ended, wake = os.pipe()
        os.set_blocking(ended, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        listens, control = True, self._control.fileno()
        while listens or self._children:
            ready, _, _ = select.select([ended, control] if listens else [ended], [], [], self._seconds_left())
            if ended in ready:
                with suppress(BlockingIOError):
                    os.read(ended, 4096)
            if control in ready:
                listens = self._take()
            self._end_overdue()
            self._reap()

    def _take(self) -> bool:
        """Fork a child for the next request; False when there will be none any more."""
        message, files, _, _ = socket.recv_fds(self._control, ALLOWANCE.size, FILES)
        if len(message) != ALLOWANCE.size or len(files) != FILES:
            return False
        allowance, reply = Allowance(*ALLOWANCE.unpack(message)), files[-1]
        try:
            child = os.fork()
        except OSError as error:
            os.write(files[2], f"no child: {error}".encode())
            _tell(reply, Ending(1, is_overdue=False))
        else:
            if child == 0:
                self._be_a_child(allowance, files[:-1])
            self._children[child] = _Child(reply, monotonic() + allowance.wall_seconds)
        for file in files[:-1]:
            os.close(file)
        return True

    def _be_a_child(self, allowance: Allowance, files: list[int]) -> NoReturn:
        code = 1
        try:
            die_with(self._pid, signal.SIGKILL)  # first: one that was stopped before it would outlive the server
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for number, file in enumerate(files):  # each is larger than 2: the server's own three stay open
                os.dup2(file, number)
            os.closerange(len(files), MOST_FILES)
            self._work(allowance)
            code = 0
        except BaseException:  # noqa: BLE001 - the child must not return into the server's loop
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def _seconds_left(self) -> float | None:
        dues = [child.due for pid, child in self._children.items() if pid not in self._overdue]
        return max(0.0, min(dues) - monotonic()) if dues else None

    def _end_overdue(self) -> None:
        now = monotonic()
        for pid, child in self._children.items():
            if child.due <= now and pid not in self._overdue:
                self._overdue.add(pid)
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            child = self._children.pop(pid)
            _tell(child.reply, Ending(os.waitstatus_to_exitcode(status), pid in self._overdue))
            self._overdue.discard(pid)


def _tell(reply: int, ending: Ending) -> None:
    with suppress(BrokenPipeError):  # Python ignores SIGPIPE; the client may have given up
        os.write(reply, ENDING.pack(*ending))
    os.close(reply)
