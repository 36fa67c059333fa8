"""The operator: the account that runs a command on this machine, as the audit log names it."""

import os
import pwd


def operator() -> str:
    """The actor of a command on this machine."""
    try:
        account = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run under a number that has no name
        account = str(os.getuid())
    return f"operator:{account}"
