"""A child process: what to run and as whom, how it is asked to end, and one run of it from start to end.

A child dies with the thread that started it, whatever kills that one, so start children from the main thread.
It knows nothing of when to start one again: that is the supervisor's.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import IO, Any, Final

import msgspec

from workers.confinement.privileges import give_up_root
from workers.confinement.process_control import death_bond

LOG_LIMIT: Final = 10 * 2**20
"""In bytes; a log file that has grown beyond is set aside at the next start, one of them."""

CLOSED: Final = 0o077
"""The mask of an account's files: its group is the service's, which must reach its sockets and nothing else."""
KILL_SECONDS: Final = 5.0
"""How long a child may take to end at once."""


class Account(msgspec.Struct, frozen=True):
    """The account of a child that must not run as ours."""

    name: str
    uid: int
    gid: int


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """What to run. `env` and nothing else is its environment; without a log file it writes where we write."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path | None = None
    log: Path | None = None
    account: Account | None = None
    rights: tuple[int, ...] = ()
    """What it keeps of root's rights as that account, see `privileges`."""
    inherits: tuple[int, ...] = ()
    """Descriptors of ours that it is given."""
    stop_signal: Signals = SIGTERM
    """Asks it to end in good order."""
    kill_signal: Signals = SIGKILL
    """Ends it at once, and is what it gets when its parent dies."""
    stop_seconds: float = 30
    """How long it may take to end in good order."""
    prepare: Callable[[], None] | None = None
    """Called before every start."""
    ready: Callable[[], bool] | None = None
    """Whether it does its work already; a child without it counts as ready when it has been started."""

    def last_words(self, lines: int = 5) -> str:
        """The end of its log file."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Process:
    """One run of a child, in a session of its own: a Ctrl-C in the terminal reaches only us."""

    def __init__(self, child: Child) -> None:
        self.child = child
        if child.prepare:
            child.prepare()
        self._started = time.monotonic()
        with _output(child.log) as output:
            self._popen = subprocess.Popen(  # noqa: S603 - the argv is ours
                child.argv,
                env=child.env,
                cwd=child.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=child.inherits,
                umask=-1 if child.account is None else CLOSED,
                preexec_fn=_preparation(child),  # noqa: PLW1509 - it takes no lock, see there
                **_identity(child),
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    @property
    def age(self) -> float:
        """In seconds since its start."""
        return time.monotonic() - self._started

    @property
    def ended(self) -> bool:
        """Whether it has ended; what it left behind in its session is ended with it."""
        if self._popen.returncode is None and self._popen.poll() is not None:
            self._kill_group()
        return self._popen.returncode is not None

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        code = self._popen.returncode
        return f"signal {Signals(-code).name}" if code < 0 else f"exit code {code}"

    @property
    def ready(self) -> bool:
        """Whether it does its work already."""
        return not self.ended and (self.child.ready is None or self.child.ready())

    def ask(self) -> None:
        """Ask it to end in good order."""
        self._popen.send_signal(self.child.stop_signal)

    def kill(self) -> None:
        """End it at once; where its own signal is not enough, with SIGKILL."""
        self._popen.send_signal(self.child.kill_signal)
        if not self.wait(KILL_SECONDS):
            self._kill_group()
            self._popen.wait()

    def wait(self, seconds: float) -> bool:
        """Whether it ends within that time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(seconds)
            self._kill_group()
        return self._popen.returncode is not None

    def _kill_group(self) -> None:
        # Its own children, should it have left some: they would keep its port or its files.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, SIGKILL)


def _output(log: Path | None) -> contextlib.AbstractContextManager[IO[bytes] | None]:
    if log is None:
        return contextlib.nullcontext()
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".old.log"))
    # An account that had the folder could have left a link there.
    return open(log, "ab", opener=lambda path, flags: os.open(path, flags | os.O_NOFOLLOW, 0o666))


def _identity(child: Child) -> dict[str, Any]:
    account = child.account
    if account is None or sys.platform == "linux":
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _preparation(child: Child) -> Callable[[], None]:
    bond = death_bond(child.kill_signal)
    if child.account is None or sys.platform != "linux":
        return bond
    give_up = give_up_root(child.account.uid, child.account.gid, child.rights)

    def prepare() -> None:
        give_up()
        bond()

    return prepare
