"""The child process: one job from its standard input, one outcome to its standard output, and it is gone.

Run as `python -I -m workers.imaging.child PARENT`, with its parent's process id and a socket as its standard input, it
is the fork server of such children. It has no environment. It loads all that a child needs and gives up what it may do;
a child is confined before it reads its job: what the picture makes it do has no way out.
"""

import gc
import mmap
import os
import resource
import socket
import sys
from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec
from PIL import Image

from workers.confinement.confining import confine, drop_privileges
from workers.confinement.fork_server import Allowance, ForkServer
from workers.errors import PermanentError
from workers.imaging.developing import develop
from workers.imaging.jobs import (
    AskConfinement,
    Confinement,
    Develop,
    Finish,
    Job,
    Outcome,
    OutOfMemory,
    Print,
    Refusal,
    UnsupportedError,
    Watermark,
)
from workers.imaging.opening import PLUGINS, load_decoders
from workers.imaging.printing import make_print
from workers.imaging.watermarking import LONGEST_SIDE, TEXT, finish, marks, watermark

PIECE_BYTES: Final = 16 * 1024**2
"""That is read at once. Nearly every message is one piece, which is then not copied."""
BLOCK_BYTES: Final = 64 * 1024**2
"""A picture lies in blocks of so much; in Pillow's own of 16 MiB the kernel fills the edges of each with small pages, a
thousand for 12 megapixels."""
ROOM_BYTES: Final = 16 * 1024**2
"""What the smallest job needs beside what is loaded."""


def main() -> None:
    """Load, become unprivileged, serve."""
    load_decoders(*PLUGINS)
    Image.core.set_block_size(BLOCK_BYTES)  # type: ignore[attr-defined] # documented, and untyped
    marks(LONGEST_SIDE, TEXT)  # each child finds them made
    drop_privileges(int(sys.argv[1]))  # what is missing each child finds out for itself
    gc.freeze()  # a child that collects garbage must not copy all that was loaded
    ForkServer(socket.socket(fileno=os.dup(0)), partial(work, os.getpid())).run()


def work(server: int, allowance: Allowance) -> None:
    """Be a child: keep to the limits, confine, do the job, answer."""
    resource.setrlimit(resource.RLIMIT_AS, (allowance.memory_bytes,) * 2)
    mmap.mmap(-1, ROOM_BYTES).close()  # without room for any picture it ends here, which is no picture's fault
    resource.setrlimit(resource.RLIMIT_CPU, (allowance.cpu_seconds, allowance.cpu_seconds + 1))
    missing = confine(server, allowance.answer_bytes)
    if missing and allowance.must_confine:
        outcome: Outcome = Confinement(missing)
    else:
        # The message is gone when the job begins, or the photo would be in memory twice.
        job = msgspec.msgpack.decode(_message(), type=Job)
        outcome = outcome_of(job, missing)
    with open(1, "wb", closefd=False) as output:
        output.write(msgspec.msgpack.encode(outcome))


def _message() -> bytes:
    """All of the input. Its size is not told to a confined process; read bit by bit it would be copied each time."""
    pieces = []
    while piece := os.read(0, PIECE_BYTES):
        pieces.append(piece)
    return b"".join(pieces)


def outcome_of(job: Job, missing: Sequence[str] = ()) -> Outcome:
    """What came of the job; the parts of the confinement that are missing are known by now."""
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
        case Finish():
            return finish(job)
        case Watermark():
            return watermark(job)
        case AskConfinement():
            return Confinement(list(missing))


if __name__ == "__main__":
    main()
