"""A seccomp filter: the system calls that pure computing needs; the kernel refuses every other one with EPERM.

No file can be opened or looked at, no process started or signalled, no socket made; a thread can. Memory cannot become
a program. A call of another architecture's table ends the process. See seccomp(2) and <linux/filter.h>.
"""

import ctypes
import errno
import os
import platform
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from workers.confinement.process_control import system_call

ALLOW: Final = 0x7FFF0000
KILL: Final = 0x80000000
REFUSE: Final = 0x00050000 | errno.EPERM
NOT_THERE: Final = 0x00050000 | errno.ENOSYS
SET_MODE_FILTER: Final = 1
ALL_THREADS: Final = 1

LOAD: Final = 0x20
"""A 32-bit word of the call's description into the accumulator."""
JUMP_IF_EQUAL: Final = 0x15
JUMP_IF_AT_LEAST: Final = 0x35
JUMP_IF_ANY_BIT: Final = 0x45
RETURN: Final = 0x06
NUMBER_AT: Final = 0
ARCHITECTURE_AT: Final = 4
FIRST_ARGUMENT_AT: Final = 16
SECOND_ARGUMENT_AT: Final = 24
THIRD_ARGUMENT_AT: Final = 32
"""The low halves of arguments, on a little-endian machine."""
PROT_EXEC: Final = 4
FOREIGN_TABLE: Final = 0x40000000
"""Numbers from here on are of x32, a second table of x86-64."""

MACHINES: Final = ("x86_64", "aarch64")
"""The order of the numbers below."""
ARCHITECTURES: Final = (0xC000003E, 0xC00000B7)
SECCOMP: Final = (317, 277)
COMPUTING: Final = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "close": (3, 57),
    "lseek": (8, 62),
    "fstat": (5, 80),
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "futex": (202, 98),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "sysinfo": (99, 179),
    "getrusage": (98, 165),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "clock_gettime": (228, 113),
    "gettimeofday": (96, 169),
    "getrandom": (318, 278),
}
"""They can read and write only files that are already open."""
MEMORY: Final = {"mmap": (9, 222), "mprotect": (10, 226)}
"""They may not make memory executable."""
CLONE: Final = (56, 220)
"""Allowed for threads, without which no HEIC is decoded."""
CLONE_THREAD: Final = 0x10000
CLONE3: Final = 435
"""Its flags cannot be seen here. ENOSYS sends libc back to clone."""
TGKILL: Final = (234, 131)
"""What abort() needs, for our own process alone."""


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("value", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


Fields = tuple[int, int, int, int]
"""Of an instruction: what it does, how many to skip if a condition holds and if not, and its value."""


def restrict() -> None:
    """Allow computing alone from now on. Raises OSError. The process has no new privileges."""
    load_filter(_filter, ALL_THREADS)


def load_filter(filter_for: Callable[[int], Iterable[Fields]], flags: int) -> None:
    """Filter all system calls from now on. Raises OSError."""
    if platform.machine() not in MACHINES:
        raise OSError(errno.ENOSYS, f"no list of system calls for {platform.machine()}")
    machine = MACHINES.index(platform.machine())
    instructions = [_Instruction(*fields) for fields in filter_for(machine)]
    program = _Program(len(instructions), (_Instruction * len(instructions))(*instructions))
    system_call(SECCOMP[machine], ctypes.c_uint(SET_MODE_FILTER), ctypes.c_uint(flags), ctypes.byref(program))


def of_our_table(machine: int) -> Iterator[Fields]:
    """Ends a process that calls by another table than this machine's own; then the call's number is loaded."""
    yield LOAD, 0, 0, ARCHITECTURE_AT
    yield JUMP_IF_EQUAL, 1, 0, ARCHITECTURES[machine]
    yield RETURN, 0, 0, KILL
    yield LOAD, 0, 0, NUMBER_AT
    yield JUMP_IF_AT_LEAST, 0, 1, FOREIGN_TABLE
    yield RETURN, 0, 0, KILL


def _filter(machine: int) -> Iterator[Fields]:
    yield from of_our_table(machine)
    for numbers in COMPUTING.values():
        yield JUMP_IF_EQUAL, 0, 1, numbers[machine]
        yield RETURN, 0, 0, ALLOW
    for numbers in MEMORY.values():
        yield JUMP_IF_EQUAL, 0, 4, numbers[machine]
        yield LOAD, 0, 0, THIRD_ARGUMENT_AT
        yield JUMP_IF_ANY_BIT, 0, 1, PROT_EXEC
        yield RETURN, 0, 0, REFUSE
        yield RETURN, 0, 0, ALLOW
    yield JUMP_IF_EQUAL, 0, 1, CLONE3
    yield RETURN, 0, 0, NOT_THERE
    yield JUMP_IF_EQUAL, 0, 4, CLONE[machine]
    yield LOAD, 0, 0, FIRST_ARGUMENT_AT
    yield JUMP_IF_ANY_BIT, 0, 1, CLONE_THREAD
    yield RETURN, 0, 0, ALLOW
    yield RETURN, 0, 0, REFUSE
    yield JUMP_IF_EQUAL, 0, 4, TGKILL[machine]
    yield LOAD, 0, 0, FIRST_ARGUMENT_AT
    yield JUMP_IF_EQUAL, 0, 1, os.getpid()
    yield RETURN, 0, 0, ALLOW
    yield RETURN, 0, 0, REFUSE
    yield RETURN, 0, 0, REFUSE
