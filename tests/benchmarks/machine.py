"""The machine that a result is from, as far as it matters: processors, memory, disk, versions, and what else it did."""

import os
import platform
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

import psycopg
from msgspec import Struct

FLUSHES: Final = 200
BLOCK: Final = 8192


class Machine(Struct, frozen=True):
    """What was measured on."""

    processor: str
    processors: int
    memory_gib: float
    flush_ms: float
    """The median time that the disk takes to make 8 KiB safe."""
    system: str
    python: str
    postgresql: str
    load_before: float
    load_after: float

    def __str__(self) -> str:
        return (
            f"{self.processors} x {self.processor}, {self.memory_gib:.0f} GiB, a flush of 8 KiB takes"
            f" {self.flush_ms:.2f} ms; {self.system}, Python {self.python}, PostgreSQL {self.postgresql};"
            f" load {self.load_before:.1f} before, {self.load_after:.1f} after"
        )


def this_machine(postgres_url: str, load_before: float) -> Machine:
    """The machine that we run on, after a run."""
    with psycopg.connect(postgres_url) as connection:
        version = connection.info.server_version
    return Machine(
        processor=_processor(),
        processors=os.cpu_count() or 1,
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        flush_ms=_flush_ms(),
        system=f"{platform.system()} {platform.release().partition('-')[0]}",
        python=platform.python_version(),
        postgresql=f"{version // 10000}.{version % 100}",
        load_before=load_before,
        load_after=load(),
    )


def load() -> float:
    """The load average of the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _flush_ms() -> float:
    took = []
    with tempfile.TemporaryFile() as file:
        for _ in range(FLUSHES):
            os.pwrite(file.fileno(), b"\0" * BLOCK, 0)
            began = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return median(took) * 1000
