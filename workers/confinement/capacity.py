"""How many processes of a given size this machine has room for, as its control groups limit us.

`os.cpu_count()` tells of the whole machine: in a container with half a CPU and 2 GiB it would start far too many.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

CGROUPS: Final = Path("/sys/fs/cgroup")
OWN_CGROUPS: Final = Path("/proc/self/cgroup")
RESERVED_BYTES: Final = 512 * 2**20
"""The part of the memory limit that is kept for the worker itself, which holds the photos of its runs."""
NO_LIMIT: Final = 2**62
"""Version 1 of control groups says a number near the largest one where there is no limit."""


def processes_that_fit(memory_bytes: int, *, cgroups: Path = CGROUPS, own: Path = OWN_CGROUPS) -> int:
    """One for each CPU, as far as their memory goes; at least one."""
    folders = list(_folders(cgroups, own))
    cpus = min([float(_usable_cpus()), *_cpu_limits(folders)])
    memory = min(_memory_limits(folders), default=NO_LIMIT)
    return max(1, min(math.ceil(cpus), (memory - RESERVED_BYTES) // memory_bytes))


def _usable_cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _folders(cgroups: Path, own: Path) -> Iterator[Path]:
    """The folders of our control groups and of those around them; a limit of each holds for us."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for top in (cgroups / controllers, cgroups / "unified") if controllers else (cgroups, cgroups / "unified"):
            # A container may see its own group as the top, under a path that is the host's.
            folder = top / path.strip("/")
            yield from (found for found in (folder, *folder.parents) if found.is_relative_to(top) and found.is_dir())


def _cpu_limits(folders: list[Path]) -> Iterator[float]:
    for folder in folders:
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        if not quota:
            quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
        if quota.isdecimal() and period.isdecimal() and int(period):
            yield int(quota) / int(period)


def _memory_limits(folders: list[Path]) -> Iterator[int]:
    for folder in folders:
        for name in ("memory.max", "memory.limit_in_bytes"):
            limit = _text(folder / name)
            if limit.isdecimal() and int(limit) < NO_LIMIT:
                yield int(limit)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
