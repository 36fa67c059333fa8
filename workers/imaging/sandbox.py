"""Runs a job on a picture in a child process of its own, and tells what its end means.

    a picture, or a refusal of it               -> Picture, or PermanentError
    out of memory or CPU time, killed, crashed  -> ExhaustedError: the picture's doing, or bad luck
    anything else                               -> PassingError: not the picture's doing
    its fork server ended                       -> the job is run again, by a new one

A child that cannot be confined opens no picture, unless that is allowed.

Decodes nothing itself.
"""

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import BinaryIO, Final

import msgspec

from domain.errors import DarkroomError
from domain.failures import FailureCode
from domain.formats import HEAD_BYTES, MEDIA_TYPES, format_of
from workers.confinement.capacity import processes_that_fit
from workers.confinement.fork_client import ForkClient, ForkServerError, ServerEndedError
from workers.confinement.fork_server import Allowance, Ending
from workers.confinement.image_slots import ImageSlots
from workers.errors import ExhaustedError, PassingError, PermanentError
from workers.imaging.jobs import (
    AskConfinement,
    Confinement,
    Develop,
    Finish,
    Finished,
    Job,
    Outcome,
    OutOfMemory,
    Picture,
    Print,
    Refusal,
    Unsupported,
    UnsupportedError,
    Watermark,
)

if sys.platform == "linux":
    SEALS: Final = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
CHILD: Final = "workers.imaging.child"
JPEG_SIDE: Final = 65_535
COMPLAINT_BYTES: Final = 500
TRIES: Final = 3
"""How often a job is tried if its fork server ends, which is not the picture's fault."""
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
    answer_bytes: int = 128 * 1024**2
    """The limit of its standard output. A picture of ours has less than half of that."""


class ConfinementError(DarkroomError):
    """The process that opens a photo cannot be confined on this system."""


def check_confinement(*, must_confine: bool) -> str | None:
    """A sentence about what this system cannot take away from a child; None if nothing. Raises ConfinementError."""
    try:
        missing = Sandbox().missing_confinement()
    except PassingError as error:
        raise ConfinementError(f"The process that opens a photo cannot be started: {error.detail}.") from error
    if not missing:
        return None
    sentence = f"The process that opens a photo cannot be confined here. Missing: {', '.join(missing)}."
    if must_confine:
        raise ConfinementError(f"{sentence} Use Linux 5.13 or newer with Landlock, or set UNCONFINED_IMAGES=allow.")
    return sentence


class Sandbox:
    """Starts children, a bounded number at once."""

    def __init__(self, limits: Limits | None = None, *, children: int | None = None, must_confine: bool = True) -> None:
        self._limits = limits or Limits()
        self.slots = ImageSlots(children or processes_that_fit(self._limits.memory_bytes))
        self._allowance = Allowance(
            self._limits.memory_bytes,
            self._limits.cpu_seconds,
            self._limits.answer_bytes,
            self._limits.wall_seconds,
            must_confine,
        )
        self._parent = ForkClient(self.command, _unnamed_file)

    def close(self) -> None:
        """End the children and their parent; a job that is under way or comes later is trouble that passes."""
        self._parent.close()

    @staticmethod
    def command() -> list[str]:
        """How the parent of the children is started."""
        return [sys.executable, "-I", "-m", CHILD, str(os.getpid())]

    def run(self, job: Develop | Print | Watermark) -> Picture:
        """The picture that the job makes; waits for a free place first."""
        match self._made(job):
            case Picture() as picture if _is_ours(picture):
                return picture
        raise ExhaustedError("an answer that is no picture of ours")

    def finish(self, job: Finish) -> Finished:
        """Both pictures that the job makes; waits for a free place first."""
        match self._made(job):
            case Finished(full, preview) as finished if _is_ours(full) and _is_ours(preview):
                return finished
        raise ExhaustedError("an answer that is no two pictures of ours")

    def _made(self, job: Job) -> Picture | Finished:
        match self._outcome(job):
            case Picture() | Finished() as made:
                return made
            case Refusal(kind=Unsupported() as kind):
                raise UnsupportedError(kind)
            case Refusal(code, detail):
                raise PermanentError(code, detail)
            case OutOfMemory():
                raise ExhaustedError("out of memory")
            case Confinement(missing):
                raise PassingError(FailureCode.INTERNAL_ERROR, f"the child cannot be confined: {', '.join(missing)}")

    def missing_confinement(self) -> list[str]:
        """What cannot be taken away from a child on this system, found out by starting one. Raises PassingError."""
        outcome = self._outcome(AskConfinement())
        return outcome.missing if isinstance(outcome, Confinement) else [repr(outcome)]

    def _outcome(self, job: Job) -> Outcome:
        with self.slots.taken(), _troubles_that_pass():
            for _ in range(TRIES - 1):
                with suppress(ServerEndedError):
                    return self._answered(job)
            return self._answered(job)

    def _answered(self, job: Job) -> Outcome:
        with _message_of(job) as message, _unnamed_file() as answer, _unnamed_file() as complaint:
            ending = self._parent.run(self._allowance, (message, answer, complaint))
            return self._judged(ending, answer, complaint)

    def _judged(self, ending: Ending, answer: BinaryIO, complaint: BinaryIO) -> Outcome:
        if ending.is_overdue:
            # The CPU limit came first if the picture were to blame: this machine is overloaded.
            raise PassingError(FailureCode.INTERNAL_ERROR, f"no outcome in {self._limits.wall_seconds} s")
        size = answer.seek(0, os.SEEK_END)
        if size >= self._limits.answer_bytes:
            raise ExhaustedError(f"an answer of {size} bytes or more")
        if ending.code == 0:
            answer.seek(0)
            return read_outcome(answer.read())
        complaint.seek(max(0, complaint.seek(0, os.SEEK_END) - COMPLAINT_BYTES))
        detail = f"child ended with {ending.code}: {complaint.read(COMPLAINT_BYTES).decode(errors='replace')}"
        if ending.code in _BLAMED_ON_THE_PICTURE:
            raise ExhaustedError(detail)
        raise PassingError(FailureCode.INTERNAL_ERROR, detail)


@contextmanager
def _troubles_that_pass() -> Iterator[None]:
    try:
        yield
    except ForkServerError as error:
        raise PassingError(FailureCode.INTERNAL_ERROR, str(error)) from error


def _message_of(job: Job) -> BinaryIO:
    """The job in a file that its child cannot fill."""
    message = _unnamed_file()
    message.write(msgspec.msgpack.encode(job))
    message.seek(0)
    if sys.platform == "linux":
        fcntl.fcntl(message, fcntl.F_ADD_SEALS, SEALS)
    return message


def _unnamed_file() -> BinaryIO:
    """A file without a name, which the child's limit on the size of files bounds; a pipe would fill our memory."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("darkroom", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), "w+b")
    return TemporaryFile()


def _is_ours(picture: Picture) -> bool:
    """Whether a picture looks like one that the child makes. The image model gets it next."""
    has_sides = min(picture.width, picture.height) > 0 and max(picture.width, picture.height) <= JPEG_SIDE
    return has_sides and format_of(picture.jpeg[:HEAD_BYTES]) == "JPEG" and picture.source_format in MEDIA_TYPES


def read_outcome(answer: bytes) -> Outcome:
    """The child's answer. Raises ExhaustedError if it cannot be read."""
    try:
        outcome: Outcome = msgspec.msgpack.decode(answer, type=Outcome)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ExhaustedError(f"an answer that cannot be read: {error}") from error
    return outcome
