"""Runs a job on a picture in a child process of its own, and tells what its end means.

    a picture, or a refusal of it               -> Picture, or PermanentError
    out of memory or CPU time, killed, crashed  -> ExhaustedError: the picture's doing, or bad luck
    anything else                               -> PassingError: not the picture's doing

Decodes nothing itself.
"""

import os
import signal
import subprocess
import sys
import threading
from typing import Final

import msgspec

from domain.failures import FailureCode
from workers.errors import ExhaustedError, PassingError, PermanentError
from workers.imaging.jobs import Job, Outcome, OutOfMemory, Picture, Refusal, Unsupported, UnsupportedError

_BLAMED_ON_THE_PICTURE: Final = {
    -number
    for number in (
        signal.SIGKILL,  # the kernel was out of memory
        signal.SIGXCPU,
        signal.SIGSEGV,
        signal.SIGBUS,
        signal.SIGABRT,
        signal.SIGFPE,
        signal.SIGILL,
    )
}


class Limits(msgspec.Struct, frozen=True):
    """What one child may use. The costliest photos of 50 megapixels take up to 1 GiB, as a WebP, and 4 s, as a PNG."""

    memory_bytes: int = 1024**3
    cpu_seconds: int = 6
    wall_seconds: float = 60


class Sandbox:
    """Starts children, a bounded number at once."""

    def __init__(self, limits: Limits | None = None, *, children: int | None = None) -> None:
        self._limits = limits or Limits()
        self._places = threading.BoundedSemaphore(children or os.cpu_count() or 1)

    def run(self, job: Job) -> Picture:
        """The picture that the job makes; waits for a free place first."""
        with self._places:
            outcome = self._outcome(msgspec.msgpack.encode(job))
        match outcome:
            case Picture():
                return outcome
            case Refusal(kind=Unsupported() as kind):
                raise UnsupportedError(kind)
            case Refusal(code, detail):
                raise PermanentError(code, detail)
            case OutOfMemory():
                raise ExhaustedError("out of memory")

    def _outcome(self, message: bytes) -> Outcome:
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and our own module
                self._command(),
                input=message,
                capture_output=True,
                timeout=self._limits.wall_seconds,
                check=False,
                env={},  # the environment holds keys
                start_new_session=True,  # Ctrl-C at a terminal is for the parent
            )
        except subprocess.TimeoutExpired as error:
            # The CPU limit came first if the picture were to blame: this machine is overloaded.
            raise PassingError(FailureCode.INTERNAL_ERROR, f"no outcome in {error.timeout} s") from error
        except OSError as error:
            raise PassingError(FailureCode.INTERNAL_ERROR, f"no child: {error}") from error
        return self._judged(done)

    def _command(self) -> list[str]:
        limits = (os.getpid(), self._limits.memory_bytes, self._limits.cpu_seconds)
        return [sys.executable, "-I", "-m", "workers.imaging.child", *map(str, limits)]

    def _judged(self, done: subprocess.CompletedProcess[bytes]) -> Outcome:
        if done.returncode == 0:
            outcome: Outcome = msgspec.msgpack.decode(done.stdout, type=Outcome)
            return outcome
        detail = f"child ended with {done.returncode}: {done.stderr[-500:].decode(errors='replace')}"
        if done.returncode in _BLAMED_ON_THE_PICTURE:
            raise ExhaustedError(detail)
        raise PassingError(FailureCode.INTERNAL_ERROR, detail)
