"""The child process: one job from its standard input, one outcome to its standard output, and it is gone.

Run as `python -I -m workers.imaging.child PARENT MEMORY CPU`: its parent's process id, its limits in bytes and seconds.
It has no environment, asks for no network, and touches no file.
"""

import ctypes
import os
import resource
import signal
import sys
from typing import Final

import msgspec

from workers.errors import PermanentError
from workers.imaging.developing import develop
from workers.imaging.jobs import (
    Develop,
    Job,
    Outcome,
    OutOfMemory,
    Picture,
    Print,
    Refusal,
    UnsupportedError,
    Watermark,
)
from workers.imaging.printing import make_print
from workers.imaging.watermarking import watermark

_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Take on the limits, do the job, answer."""
    parent, memory, cpu = (int(argument) for argument in sys.argv[1:])
    _limit(memory, cpu)
    _die_with(parent)
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))


def answer(message: bytes) -> bytes:
    """The outcome of the job in the message."""
    return msgspec.msgpack.encode(_outcome(msgspec.msgpack.decode(message, type=Job)))


def _outcome(job: Job) -> Outcome:
    try:
        return _do(job)
    except UnsupportedError as error:
        return Refusal(error.code, error.detail, error.kind)
    except PermanentError as error:
        return Refusal(error.code, error.detail)
    except MemoryError:
        return OutOfMemory()


def _do(job: Job) -> Picture:
    match job:
        case Develop():
            return develop(job)
        case Print():
            return make_print(job)
        case Watermark():
            return watermark(job)


def _limit(memory: int, cpu: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    # A core file would hold a user's photo.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _die_with(parent: int) -> None:
    # A service manager that stops us signals the child, too. It ends by its limits or with its parent and not by that,
    # or a photo would be blamed for the stop.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before we asked
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
