"""What Linux tells about a process, read from /proc, and how one is frozen with all that come from it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def children_of(pid: int) -> list[int]:
    """The processes that it started and that still run."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, path.read_text().split())
        except OSError:  # the thread ended while we looked
            continue
    return [child for child in found if is_running(child)]


def descendants(pid: int) -> list[int]:
    """All processes that come from it."""
    return [found for child in children_of(pid) for found in (child, *descendants(child))]


@contextmanager
def frozen(pid: int | None) -> Iterator[None]:
    """It and all that come from it stand still for a while; their connections stay open."""
    family = [] if pid is None else [pid, *descendants(pid)]
    signal_all(family, signal.SIGSTOP)
    try:
        yield
    finally:
        signal_all(family, signal.SIGCONT)


def signal_all(pids: list[int], number: signal.Signals) -> None:
    """Send the signal to those of them that are there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def is_running(pid: int) -> bool:
    """Whether it runs: what has ended and waits for its parent's notice does not."""
    return status(pid, "State")[:1] not in {"", "Z", "X"}


def status(pid: int, name: str) -> str:
    """A line of its status, empty when there is no such process."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:")), "")


def open_files(pid: int) -> list[str]:
    """What it has open, as Linux names it; what it closes while we look may be left out."""
    found = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(descriptor.readlink()))
    return found


def resident_bytes(pid: int) -> int:
    """The memory that it holds."""
    return int(status(pid, "VmRSS").split()[0]) * 1024


def command_and_environment(pid: int) -> tuple[bytes, bytes]:
    """How it was started, and with which environment; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes(), Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b"", b""


def ignores(pid: int, number: int) -> bool:
    """Whether it ignores that signal."""
    return bool(int(status(pid, "SigIgn") or "0", 16) & 1 << (number - 1))
