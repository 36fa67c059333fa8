"""Where a server keeps its data and its socket, such that the account that it runs as may reach them.

Never changes the rights of a folder that was there before: what cannot be reached gets another place.
"""

import os
import pwd
import tempfile
from hashlib import sha256
from pathlib import Path
from stat import S_IRWXG, S_IRWXO, S_IXGRP, S_IXOTH, S_IXUSR
from typing import Final

from app.embedded.child import Account
from app.embedded.errors import EmbeddedError

SOCKET_PATH_LIMIT: Final = 100
"""In bytes. The kernel allows 107 on Linux and 103 on macOS."""


def unprivileged_account() -> Account | None:
    """Whom PostgreSQL runs as, since it refuses root; None for ourselves."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def make_data_folder(folder: Path) -> None:
    """Make the folder if it is not there. As root it can be passed through, so that other accounts reach their own."""
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        raise EmbeddedError(f"The data folder {folder} cannot be made: {error.strerror}. Use --data.") from error


def may_reach(account: Account, path: Path) -> bool:
    """Whether the account may pass through every folder down to the path, itself included."""
    path = path.resolve()
    return all(_may_pass(account, folder) for folder in (path, *path.parents))


def _may_pass(account: Account, path: Path) -> bool:
    status = path.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & S_IXGRP)
    return bool(status.st_mode & S_IXOTH)


def private_folder(path: Path, account: Account | None) -> Path:
    """Make the folder for that account alone. Raises EmbeddedError if the path belongs to another account."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = account.uid if account else os.geteuid()
    if account and path.lstat().st_uid == os.geteuid():
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    status = path.lstat()
    if path.is_symlink() or status.st_uid != owner or status.st_mode & (S_IRWXG | S_IRWXO):
        raise EmbeddedError(f"{path} must be a private folder of the user with the id {owner}. Remove it, please.")
    return path


def socket_folder(wanted: Path, socket: str, account: Account | None) -> Path:
    """The wanted folder, or a short one that is always the same when a socket's path below it would not do."""
    # A comma separates hosts in PostgreSQL's settings and URLs.
    if len(os.fsencode(wanted / socket)) <= SOCKET_PATH_LIMIT and not set(str(wanted)) & {",", '"'}:
        return private_folder(wanted, account)
    digest = sha256(os.fsencode(wanted)).hexdigest()[:16]
    return private_folder(Path(tempfile.gettempdir()) / f"darkroom-{digest}", account)
