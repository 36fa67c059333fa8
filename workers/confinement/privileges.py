"""Takes root from a process: it becomes another user, and keeps only the rights of root that are named.

See capabilities(7). A right that is kept for another program is ambient: the program has it although the user has none.
"""

import ctypes
import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from workers.confinement.process_control import PR_SET_NO_NEW_PRIVS, control, libc

FIRST_USER: Final = 0x70000000
"""No account has such an id. With the process id added, no two processes share one."""
SPARE_USER: Final = 65_533
"""Where a container knows 65,536 users and no more."""
CHANGE_OWNERS: Final = 0
"""CAP_CHOWN: give a file to another user."""
OVERRIDE_MODES: Final = 1
"""CAP_DAC_OVERRIDE: read and write any file. Containers give it to root where they withhold the next one."""
READ_EVERYTHING: Final = 2
"""CAP_DAC_READ_SEARCH: pass through any folder and read any file."""
SIGNAL_ALL: Final = 5
"""CAP_KILL: signal processes of other users."""
SET_GROUPS: Final = 6
SET_USERS: Final = 7
"""CAP_SETGID and CAP_SETUID: become another user."""
BIND_LOW_PORTS: Final = 10
"""CAP_NET_BIND_SERVICE: listen on a port below 1024."""
PR_SET_KEEPCAPS: Final = 8
PR_CAPBSET_DROP: Final = 24
PR_CAP_AMBIENT: Final = 47
PR_CAP_AMBIENT_RAISE: Final = 2
VERSION_3: Final = 0x20080522
MOST_RIGHTS: Final = 64


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def own_rights() -> frozenset[int]:
    """Which of root's rights this process has; a container's root lacks some."""
    lines = Path("/proc/self/status").read_text().splitlines()
    effective = next(int(line.partition(":")[2], 16) for line in lines if line.startswith("CapEff:"))
    return frozenset(right for right in range(MOST_RIGHTS) if effective >> right & 1)


def give_up_root(uid: int, gid: int, rights: Sequence[int]) -> Callable[[], None]:
    """A function for a child, between fork and exec: it becomes this user for good, with these rights of ours.

    All that it calls has been looked up before, so it takes no lock that another thread may have held.
    """
    become = _become(rights, are_ambient=True)
    return lambda: become(uid, gid)


def give_up_for_own_user(rights: Sequence[int]) -> Callable[[], None]:
    """The same, for a user that owns nothing and shares nothing with another process."""
    become = _become(rights, are_ambient=True)

    def give_up() -> None:
        for user in (FIRST_USER + os.getpid(), SPARE_USER):
            try:
                become(user, user)
            except OSError:
                continue
            return
        os._exit(1)

    return give_up


def leave_root(uid: int, gid: int, rights: Sequence[int]) -> None:
    """Become this user ourselves, for good, with these rights; programs that we become later get none. Raises OSError.

    Threads that run already are left without any right.
    """
    _become(rights, are_ambient=False)(uid, gid)
    control(PR_SET_KEEPCAPS, 0)


def drop_rights() -> None:
    """Give up every right that we have kept. Raises OSError."""
    if libc().capset(ctypes.byref(_Header(VERSION_3, 0)), ctypes.byref((_Data * 2)())) != 0:
        raise PermissionError(errno.EPERM, "capset")


@contextmanager
def acting_as(uid: int, gid: int) -> Iterator[None]:
    """Open, make and remove files as that user meanwhile, in this thread. Raises OSError if we may not."""
    own_uid, own_gid = os.geteuid(), os.getegid()
    try:
        _set_file_ids(gid, uid)
        yield
    finally:
        _set_file_ids(own_gid, own_uid)


def _set_file_ids(gid: int, uid: int) -> None:
    if sys.platform != "linux":
        os.seteuid(0)  # of all threads: other systems have nothing finer
        os.setegid(gid)
        os.seteuid(uid)
        return
    library, asked = libc(), ctypes.c_uint32(-1)
    for change, wanted in ((library.setfsgid, gid), (library.setfsuid, uid)):
        change(ctypes.c_uint32(wanted))
        # Each tells the id before, and no failure.
        if ctypes.c_uint32(change(asked)).value != wanted:
            raise PermissionError(errno.EPERM, f"we may not act as the id {wanted}")


def _become(rights: Sequence[int], *, are_ambient: bool) -> Callable[[int, int], None]:
    library, header = libc(), _Header(VERSION_3, 0)
    kept = sum(1 << right for right in rights)
    data = (_Data * 2)(_Data(kept, kept, kept if are_ambient else 0), _Data(0, 0, 0))
    prctl, capset, numbers = library.prctl, library.capset, [ctypes.c_ulong(number) for number in range(MOST_RIGHTS)]

    def become(uid: int, gid: int) -> None:
        for right in range(MOST_RIGHTS):
            if right not in rights:
                # It fails where there is no such right, and where ours are bounded already.
                prctl(PR_CAPBSET_DROP, numbers[right], 0, 0, 0)
        control(PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        if capset(ctypes.byref(header), ctypes.byref(data)) != 0:
            os._exit(1)
        for right in rights if are_ambient else ():
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, numbers[right], 0, 0)
        control(PR_SET_NO_NEW_PRIVS, 1)

    return become
