"""Who may sign in to the embedded PostgreSQL: the account that runs it, as the kernel tells it, and no other one.

Written at every start, also into the data of an older version, whose PostgreSQL believed every process that reached
its socket. As root, PostgreSQL runs as an account that other programs may have too: they are refused.
"""

import os
import pwd
from pathlib import Path
from typing import Final

from app.embedded.child import Account

MAP: Final = "darkroom"
WRITTEN: Final = "# Written by Darkroom at every start.\n"


def admit(data: Path, account: Account | None) -> None:
    """Let our own account in, as any role, over the socket. `account` is whom PostgreSQL runs as."""
    name = _own_name()
    if name is None:
        # The kernel tells a number, for which PostgreSQL needs a name. The socket's folder is closed to others.
        _write(data / "pg_hba.conf", "local all all trust\n", account)
        return
    _write(data / "pg_hba.conf", f"local all all peer map={MAP}\n", account)
    _write(data / "pg_ident.conf", f'{MAP} "{name}" all\n', account)


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
