"""The child process: one job from its standard input, one outcome to its standard output, and it is gone.

Run as `python -I -m workers.imaging.child PARENT MEMORY CPU ANSWER FORMAT DEMAND`: its parent's process id; its limits
in bytes, seconds and bytes; the format of its picture; and whether it must be confined. It has no environment. All that
it needs is loaded first, then it is confined, then it reads its job: what the picture makes it do has no way out.
"""

import resource
import signal
import sys
from collections.abc import Sequence

import msgspec

from workers.confinement.confining import confine
from workers.errors import PermanentError
from workers.imaging.developing import develop
from workers.imaging.jobs import (
    MUST_CONFINE,
    AskConfinement,
    Confinement,
    Develop,
    Job,
    Outcome,
    OutOfMemory,
    Print,
    Refusal,
    UnsupportedError,
    Watermark,
)
from workers.imaging.opening import load_decoders
from workers.imaging.printing import make_print
from workers.imaging.watermarking import watermark


def main() -> None:
    """Load, confine, do the job, answer."""
    parent, memory, cpu, answer_bytes = (int(argument) for argument in sys.argv[1:5])
    kind, demand = sys.argv[5:7]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    load_decoders(kind)
    # A service manager that stops us signals the child, too. It ends by its limits or with its parent and not by that,
    # or a photo would be blamed for the stop.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    missing = confine(parent, answer_bytes)
    if missing and demand == MUST_CONFINE:
        sys.stdout.buffer.write(msgspec.msgpack.encode(Confinement(missing)))
    else:
        sys.stdout.buffer.write(answer(sys.stdin.buffer.read(), missing))


def answer(message: bytes, missing: Sequence[str] = ()) -> bytes:
    """The outcome of the job in the message; the parts of the confinement that are missing are known by now."""
    return msgspec.msgpack.encode(_outcome(msgspec.msgpack.decode(message, type=Job), missing))


def _outcome(job: Job, missing: Sequence[str]) -> Outcome:
    try:
        return _do(job, missing)
    except UnsupportedError as error:
        return Refusal(error.code, error.detail, error.kind)
    except PermanentError as error:
        return Refusal(error.code, error.detail)
    except MemoryError:
        return OutOfMemory()


def _do(job: Job, missing: Sequence[str]) -> Outcome:
    match job:
        case Develop():
            return develop(job)
        case Print():
            return make_print(job)
        case Watermark():
            return watermark(job)
        case AskConfinement():
            return Confinement(list(missing))


if __name__ == "__main__":
    main()
