"""The accounts that the parts of the embedded service run as when root starts it: four users with one common group.

    our processes                      `darkroom` where there is such an account, else the one without rights
    PostgreSQL, Valkey, the supervisor a user id each that no account of this machine has

PostgreSQL signs in by name, so only our processes need one. The group's id belongs to no account either: only its
members reach the servers' sockets. 65520 to 65533 are assigned by no distribution, and exist in containers that know
65,536 ids.
"""

import grp
import os
import pwd
import sys
from functools import cache
from typing import Final

from app.embedded.child import Account
from app.embedded.errors import EmbeddedError
from workers.confinement.privileges import (
    CHANGE_OWNERS,
    OVERRIDE_MODES,
    SET_GROUPS,
    SET_USERS,
    SIGNAL_ALL,
    own_rights,
)

NAMES: Final = ("darkroom", "nobody")
"""The candidates for the account of our processes; the first that exists is used. Every system has the last one."""
TO_HOUSE_SERVERS: Final = {
    "CAP_CHOWN": CHANGE_OWNERS,
    "CAP_DAC_OVERRIDE": OVERRIDE_MODES,
    "CAP_KILL": SIGNAL_ALL,
    "CAP_SETGID": SET_GROUPS,
    "CAP_SETUID": SET_USERS,
}
IDS: Final = range(65_520, 65_532)


def unprivileged_account() -> Account | None:
    """The account of our processes; None for our own. Raises EmbeddedError."""
    if os.geteuid() != 0:
        return None
    for name in NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, free_ids()[0])
    raise EmbeddedError(
        f"This machine has no account {' or '.join(NAMES)}, so root cannot give its rights up. Make one "
        "(useradd --system darkroom), or start Darkroom as another user."
    )


def postgres_account() -> Account | None:
    """The account of PostgreSQL; None for our own."""
    return _numbered("PostgreSQL", 0)


def valkey_account() -> Account | None:
    """The account of Valkey; None for our own."""
    return _numbered("Valkey", 1)


def supervisor_account() -> Account | None:
    """The account that `darkroom up` itself changes to; None for our own."""
    return _numbered("the supervisor", 2)


def check_rights() -> None:
    """Raises EmbeddedError if we are a root that cannot give the servers what is theirs, as in some containers."""
    if os.geteuid() != 0 or sys.platform != "linux":
        return
    if lacking := ", ".join(name for name, right in TO_HOUSE_SERVERS.items() if right not in own_rights()):
        raise EmbeddedError(
            f"This root lacks {lacking}, so it cannot run PostgreSQL and Valkey as users of their own. "
            "Give it these rights, start Darkroom as another user, or set DATABASE_URL and REDIS_URL."
        )


def ids_in_use() -> set[int]:
    """The ids of all these accounts, their group included."""
    accounts = (unprivileged_account(), postgres_account(), valkey_account(), supervisor_account())
    return {number for account in accounts if account for number in (account.uid, account.gid)}


def former_owners() -> set[int]:
    """User ids that an account's data may have had before: ours, those of an older version, and the numbers above."""
    processes = unprivileged_account()
    return {os.geteuid(), *IDS, *({processes.uid, pwd.getpwnam(NAMES[-1]).pw_uid} if processes else ())}


def _numbered(name: str, place: int) -> Account | None:
    if os.geteuid() != 0:
        return None
    free = free_ids()
    return Account(f"{name} (id {free[place]})", free[place], free[0])


@cache
def free_ids() -> tuple[int, ...]:
    """The ids of IDS that no account or group of this machine has. Raises EmbeddedError."""
    found = tuple(number for number in IDS if not _is_known(number))
    if len(found) < 3:  # noqa: PLR2004 - as many as are numbered
        raise EmbeddedError(
            f"The ids {IDS[0]} to {IDS[-1]} belong to accounts of this machine, and Darkroom needs three that do not. "
            "Start it as another user than root."
        )
    return found


def _is_known(number: int) -> bool:
    for look_up in (pwd.getpwuid, grp.getgrgid):
        try:
            look_up(number)
        except KeyError:
            continue
        return True
    return False
