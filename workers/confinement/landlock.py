"""Landlock: takes the file system, the network and other processes away from the calling process, for good.

Files that are open already stay usable. See landlock(7) and <linux/landlock.h>.
"""

import ctypes
import os
from typing import Final

from workers.confinement.process_control import system_call

CREATE_RULESET: Final = 444
RESTRICT_SELF: Final = 446
"""The numbers of the system calls, the same on every architecture."""
ASK_VERSION: Final = 1
FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many rights on files there are since each version of the interface."""
NETWORK_RIGHTS: Final = 0b11
"""To bind and to connect TCP ports; since version 4."""
SCOPES: Final = 0b11
"""Abstract unix sockets and signals outside of our own domain; since version 6."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


def restrict() -> None:
    """Handle every right that this kernel knows, and grant none. Raises OSError. The process has no new privileges."""
    version = system_call(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION))
    rights = max(count for since, count in FILE_RIGHTS.items() if since <= version)
    ruleset = _Ruleset((1 << rights) - 1, NETWORK_RIGHTS, SCOPES)
    size = 8 if version < 4 else 16 if version < 6 else 24  # noqa: PLR2004 - the fields that the version knows
    descriptor = system_call(CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        system_call(RESTRICT_SELF, ctypes.c_int(descriptor), ctypes.c_uint32(0))
    finally:
        os.close(descriptor)
