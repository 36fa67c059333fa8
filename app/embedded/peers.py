"""Access to the embedded PostgreSQL: only the account that runs `darkroom up`, which the kernel names.

Written at every start, also into the data of an older version, whose PostgreSQL believed every process that reached
its socket. Where root starts us, root signs in as any role, and the account of our processes as theirs alone, which
cannot change the log. The servers' own accounts and the supervisor's sign in as no role.
"""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from app.embedded.child import Account

MAP: Final = "darkroom"
SERVICE_ROLE: Final = "darkroom_service"
"""The role of schema.sql for the processes; here it may sign in."""
WRITTEN: Final = "# Written by Darkroom at every start.\n"


def sign_in_rules(processes: Account | None) -> Mapping[str, str]:
    """The rules, by file, for us as we are now; `processes` is the account of our processes, if it is another one."""
    name = _own_name()
    if name is None:
        # The kernel tells a number, for which PostgreSQL needs a name. The socket's folder is closed to others.
        return {"pg_hba.conf": "local all all trust\n"}
    others = f'{MAP} "{processes.name}" {SERVICE_ROLE}\n' if processes else ""
    return {"pg_hba.conf": f"local all all peer map={MAP}\n", "pg_ident.conf": f'{MAP} "{name}" all\n{others}'}


def admit(data: Path, rules: Mapping[str, str]) -> None:
    """Write the rules, each file whole or not at all."""
    for name, rule in rules.items():
        new = (data / name).with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(WRITTEN + rule)
        new.replace(data / name)


def _own_name() -> str | None:
    """The name of the account that we run as; None where the machine does not know it, as in some containers."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return None
