"""Takes root from a process before it becomes another program: another user, and of root's rights those named alone.

See capabilities(7). A right that is kept is ambient: the program has it although the user has none.
"""

import ctypes
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from workers.confinement.process_control import PR_SET_NO_NEW_PRIVS, control, libc

OVERRIDE_MODES: Final = 1
"""CAP_DAC_OVERRIDE: read and write any file. Containers give it to root where they withhold the next one."""
READ_EVERYTHING: Final = 2
"""CAP_DAC_READ_SEARCH: pass through any folder and read any file."""
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
    """A function for a child of root, between fork and exec: it becomes this user for good, with these rights.

    All that it calls has been looked up before, so it takes no lock that another thread may have held.
    """
    library, header = libc(), _Header(VERSION_3, 0)
    kept = sum(1 << right for right in rights)
    data = (_Data * 2)(_Data(kept, kept, kept), _Data(0, 0, 0))
    prctl, capset, numbers = library.prctl, library.capset, [ctypes.c_ulong(number) for number in range(MOST_RIGHTS)]

    def give_up() -> None:
        for right in range(MOST_RIGHTS):
            if right not in rights:
                prctl(PR_CAPBSET_DROP, numbers[right], 0, 0, 0)  # where there is no such right it fails, rightly
        control(PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        if capset(ctypes.byref(header), ctypes.byref(data)) != 0:
            os._exit(1)
        for right in rights:
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, numbers[right], 0, 0)
        control(PR_SET_NO_NEW_PRIVS, 1)

    return give_up
