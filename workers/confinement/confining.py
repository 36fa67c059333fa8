"""Confines the calling process: from then on it can compute with what it has in memory, read its input and answer.

    no root, no user of the service's -> no new privileges -> no files, network, processes -> no other system call

Every part is tried, also where another one failed. What this system cannot do is told, and left to the caller.
"""

import os
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from workers.confinement import landlock, seccomp
from workers.confinement.process_control import PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, control, die_with

FIRST_USER: Final = 0x70000000
"""No account has such an id. With the process id added, no two processes share one."""
SPARE_USER: Final = 65_533
"""Where a container knows 65,536 users and no more."""


def confine(parent: int, answer_bytes: int) -> list[str]:
    """Take away all but computing and answering; what could not be taken away, each as one phrase.

    The process ends with its parent.
    """
    steps: dict[str, Callable[[], None]] = {
        "the change of user": _leave_root,
        "the bond with its parent": lambda: die_with(parent, signal.SIGKILL),  # a change of user would undo it
        "the limits": lambda: _limit(answer_bytes),
        "no_new_privs": lambda: control(PR_SET_NO_NEW_PRIVS, 1),
        "the protection of its memory": lambda: control(PR_SET_DUMPABLE, 0),
        "Landlock": landlock.restrict,
        "seccomp": seccomp.restrict,
    }
    missing = []
    for name, step in steps.items():
        try:
            step()
        except (OSError, ValueError) as error:
            missing.append(f"{name} ({error.strerror if isinstance(error, OSError) else error})")
    return missing


def _leave_root() -> None:
    """Become a user that owns nothing and shares nothing with another process."""
    if os.geteuid() != 0:
        return
    os.setgroups([])
    for user in (FIRST_USER + os.getpid(), SPARE_USER):
        with suppress(OSError):
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            return
    raise PermissionError(1, "no other user can be taken")


def _limit(answer_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (answer_bytes, answer_bytes))
    # A core file would hold a user's photo.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
