"""What a process and all that come from it take: CPU time, those that have ended included, and memory at its peak."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Final

from tests.linux_processes import descendants

GLANCE_SECONDS: Final = 0.05
TICKS: Final = os.sysconf("SC_CLK_TCK")


def cpu_ms(pid: int) -> float:
    """The CPU time of the process, of its descendants, and of those of them that have ended and were reaped."""
    return sum(_ticks(process) for process in (pid, *descendants(pid))) * 1000 / TICKS


def _ticks(pid: int) -> int:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15]))
    return 0


class Peak:
    """The most memory that was seen, in MiB."""

    mib = 0.0


@contextmanager
def peak_memory(pid: int) -> Iterator[Peak]:
    """Look at the memory of the process and its descendants as long as it lasts; what they share counts once."""
    peak, over = Peak(), Event()

    def look() -> None:
        while not over.wait(GLANCE_SECONDS):
            peak.mib = max(peak.mib, sum(_mib(process) for process in (pid, *descendants(pid))))

    thread = Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _mib(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
