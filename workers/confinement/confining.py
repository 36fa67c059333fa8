"""Confines the calling process: after that it can only compute, read its input and write its answer.

    no root, no right of root's, no user of the service's -> no new privileges -> no files, network, processes
        -> no other system call

A parent of such processes goes through the same but for the last step: it has to fork, and opens nothing either.
Every part is tried, also where another one failed. What this system cannot do is told, and left to the caller.
"""

import os
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from workers.confinement import landlock, seccomp
from workers.confinement.privileges import FIRST_USER, SPARE_USER, drop_rights
from workers.confinement.process_control import PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, control, die_with

MOST_THREADS: Final = 1024
"""Of all children of one fork server, one for each CPU. A HEIC takes a few; without a bound the machine runs out."""


def drop_privileges(parent: int) -> list[str]:
    """Take away what no job needs, before there is one; what could not be taken away, each as one phrase.

    The process ends with its parent. What it forks has as little, and is a user of no other service's.
    """
    return _missing(_privileges(parent))


def confine(parent: int, answer_bytes: int) -> list[str]:
    """Take away all but computing and answering; what could not be taken away, each as one phrase.

    The process ends with its parent.
    """
    return _missing(
        {
            **_privileges(parent),
            "the limits": lambda: _limit(answer_bytes),
            "seccomp": seccomp.restrict,
        }
    )


def _privileges(parent: int) -> dict[str, Callable[[], None]]:
    return {
        "the change of user": _leave_root,
        "the rights of root": drop_rights,
        "the bond with its parent": lambda: die_with(parent, signal.SIGKILL),  # a change of user would undo it
        "no_new_privs": lambda: control(PR_SET_NO_NEW_PRIVS, 1),
        "the protection of its memory": lambda: control(PR_SET_DUMPABLE, 0),
        "Landlock": landlock.restrict,
    }


def _missing(steps: dict[str, Callable[[], None]]) -> list[str]:
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
    if os.getuid() >= FIRST_USER:  # the kernel counts all processes of a user, and this one is the fork server's alone
        resource.setrlimit(resource.RLIMIT_NPROC, (MOST_THREADS, MOST_THREADS))
