"""Calls of Linux for the own process: prctl(2), and system calls that have no function in libc.

Elsewhere than on Linux every request is refused with ENOSYS.
"""

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_SET_NO_NEW_PRIVS: Final = 38


def control(option: int, value: int) -> None:
    """Change an attribute of the process. Raises OSError."""
    _checked(libc().prctl(option, *(ctypes.c_ulong(number) for number in (value, 0, 0, 0))))


def system_call(number: int, *arguments: object) -> int:
    """Make a system call that libc has no function for. Raises OSError."""
    return _checked(libc().syscall(ctypes.c_long(number), *arguments))


def hide() -> None:
    """Let no other process of our user read our memory or our environment. The next program we become is visible again.

    Without it a child that runs as our user could read every key.
    """
    if sys.platform == "linux":
        control(PR_SET_DUMPABLE, 0)


def death_bond(number: int) -> Callable[[], None]:
    """A function for a child that ends it with this signal when the parent is gone; the parent is who calls us.

    The kernel forgets it at a change of user, so call it after that. It may run between fork and exec: all that it
    calls has been looked up before, so it takes no lock that another thread may have held.
    """
    if sys.platform != "linux":
        return lambda: None
    prctl, getppid, leave, parent = libc().prctl, os.getppid, os._exit, os.getpid()

    def bind() -> None:
        prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if getppid() != parent:  # it was gone before we asked
            leave(1)

    return bind


def die_with(parent: int, number: int) -> None:
    """End with this signal when the parent is gone, at once if it is."""
    if sys.platform == "linux":
        control(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it was gone before we asked
        os.kill(os.getpid(), number)


@cache
def libc() -> ctypes.CDLL:
    """The C library. Raises OSError elsewhere than on Linux."""
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
