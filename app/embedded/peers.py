"""Who may sign in to the embedded PostgreSQL: the account that runs `darkroom up`, as the kernel tells it.

Written at every start, also into the data of an older version, whose PostgreSQL believed every process that reached
its socket. As root, PostgreSQL and our processes run as an account without rights: it may sign in as the processes'
role, which cannot change the log, and as no other one.
"""

import os
import pwd
from pathlib import Path
from typing import Final

from app.embedded.child import Account

MAP: Final = "darkroom"
SERVICE_ROLE: Final = "darkroom_service"
"""The role of schema.sql for the processes; here it may sign in."""
WRITTEN: Final = "# Written by Darkroom at every start.\n"


def admit(data: Path, account: Account | None) -> None:
    """Let our own account in over the socket, as any role; and `account`, as whom PostgreSQL and our processes run."""
    name = _own_name()
    if name is None:
        # The kernel tells a number, for which PostgreSQL needs a name. The socket's folder is closed to others.
        _write(data / "pg_hba.conf", "local all all trust\n", account)
        return
    _write(data / "pg_hba.conf", f"local all all peer map={MAP}\n", account)
    processes = f'{MAP} "{account.name}" {SERVICE_ROLE}\n' if account else ""
    _write(data / "pg_ident.conf", f'{MAP} "{name}" all\n{processes}', account)


def _own_name() -> str | None:
    """The name of the account that we run as; None where the machine does not know it, as in some containers."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return None


def _write(path: Path, rule: str, account: Account | None) -> None:
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(WRITTEN + rule)
    if account is not None:
        os.chown(new, account.uid, account.gid)
    new.replace(path)
