"""A seccomp filter for a process that keeps CAP_SETUID: the users and groups that it and its children may become.

The kernel refuses with EPERM every other id, further groups, and user namespaces, in which an id may mean another one.
All other system calls are left alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Final

from workers.confinement.privileges import FIRST_USER, SPARE_USER
from workers.confinement.process_control import PR_SET_NO_NEW_PRIVS, control
from workers.confinement.seccomp import (
    ALL_THREADS,
    ALLOW,
    CLONE,
    CLONE3,
    FIRST_ARGUMENT_AT,
    JUMP_IF_ANY_BIT,
    JUMP_IF_AT_LEAST,
    JUMP_IF_EQUAL,
    LOAD,
    NOT_THERE,
    REFUSE,
    RETURN,
    SECOND_ARGUMENT_AT,
    THIRD_ARGUMENT_AT,
    Fields,
    load_filter,
    of_our_table,
)

SPECULATE: Final = 4
"""SECCOMP_FILTER_FLAG_SPEC_ALLOW: servers inherit the filter, which must not slow all that they compute."""
IMAGE_USERS: Final = range(FIRST_USER, FIRST_USER + 2**22 + 1)
"""Linux gives no larger process ids than 2^22."""
UNCHANGED: Final = 0xFFFFFFFF
CLONE_NEWUSER: Final = 0x10000000

REFUSED: Final = {
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setreuid": (113, 145),
    "setregid": (114, 143),
    "setns": (308, 268),
}
"""What we and our children have no use for."""
CHOOSING: Final = {"setresuid": (117, 147), "setresgid": (119, 149)}
"""They take three ids."""
FILES: Final = {"setfsuid": (122, 151), "setfsgid": (123, 152)}
"""They take one id."""
SETGROUPS: Final = (116, 159)
"""It may leave all groups."""
MAKING: Final = {"clone": CLONE, "unshare": (272, 97)}
"""Their flags may not ask for a user namespace."""


def limit_users(ids: Iterable[int]) -> None:
    """From now on none but these ids, and those of image children, can be taken. Raises OSError.

    It can be called again with fewer. The process has no new privileges.
    """
    control(PR_SET_NO_NEW_PRIVS, 1)
    allowed = [IMAGE_USERS, *(range(number, number + 1) for number in sorted({*ids, SPARE_USER}))]
    load_filter(partial(_filter, allowed), ALL_THREADS | SPECULATE)


def _filter(allowed: Sequence[range], machine: int) -> Iterator[Fields]:
    yield from of_our_table(machine)
    for numbers in REFUSED.values():
        yield JUMP_IF_EQUAL, 0, 1, numbers[machine]
        yield RETURN, 0, 0, REFUSE
    yield JUMP_IF_EQUAL, 0, 1, CLONE3  # its flags cannot be seen here: libc goes back to clone
    yield RETURN, 0, 0, NOT_THERE
    for numbers in MAKING.values():
        yield JUMP_IF_EQUAL, 0, 4, numbers[machine]
        yield LOAD, 0, 0, FIRST_ARGUMENT_AT
        yield JUMP_IF_ANY_BIT, 0, 1, CLONE_NEWUSER
        yield RETURN, 0, 0, REFUSE
        yield RETURN, 0, 0, ALLOW
    yield JUMP_IF_EQUAL, 0, 4, SETGROUPS[machine]
    yield LOAD, 0, 0, FIRST_ARGUMENT_AT
    yield JUMP_IF_EQUAL, 1, 0, 0
    yield RETURN, 0, 0, REFUSE
    yield RETURN, 0, 0, ALLOW
    for calls, places in (
        (CHOOSING, (FIRST_ARGUMENT_AT, SECOND_ARGUMENT_AT, THIRD_ARGUMENT_AT)),
        (FILES, (FIRST_ARGUMENT_AT,)),
    ):
        checks = [check for place in places for check in _id_at(place, allowed)]
        for numbers in calls.values():
            yield JUMP_IF_EQUAL, 0, len(checks) + 1, numbers[machine]
            yield from checks
            yield RETURN, 0, 0, ALLOW
    yield RETURN, 0, 0, ALLOW


def _id_at(place: int, allowed: Sequence[range]) -> list[Fields]:
    """Refuses the call unless the id at that place is allowed, or asks for no change."""
    length = 2 * len(allowed) + 1
    checks: list[Fields] = [(LOAD, 0, 0, place), (JUMP_IF_EQUAL, length, 0, UNCHANGED)]
    for count, ids in enumerate(allowed, 1):
        checks.append((JUMP_IF_AT_LEAST, 0, 1, ids.start))
        checks.append((JUMP_IF_AT_LEAST, 0, length - 2 * count, ids.stop))
    return [*checks, (RETURN, 0, 0, REFUSE)]
