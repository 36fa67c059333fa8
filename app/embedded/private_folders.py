"""Makes folders that only one account may enter, for the data and the socket of a server.

Never changes the rights of a folder that was there before: what cannot be reached gets another place.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from stat import S_IMODE, S_IRWXG, S_IRWXO, S_IXGRP, S_IXOTH, S_IXUSR
from typing import Final

from app.embedded.accounts import former_owners
from app.embedded.child import Account
from app.embedded.errors import EmbeddedError

SOCKET_PATH_LIMIT: Final = 100
"""In bytes. The kernel allows 107 on Linux and 103 on macOS."""
GROUP_PASSES: Final = 0o710
PRIVATE: Final = 0o700


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
    """Make the folder for that account, or for us. Raises EmbeddedError if the path belongs to another account.

    The account's group may pass through it, to sockets; what else is in it is closed to the group.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner, closed = (account.uid, S_IRWXO) if account else (os.geteuid(), S_IRWXG | S_IRWXO)
    refusal = EmbeddedError(f"{path} must be a private folder of the user with the id {owner}. Remove it, please.")
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(_opened(path))
        except OSError as error:
            raise refusal from error
        if account and os.fstat(folder).st_uid in former_owners() | {owner}:
            _set(folder, account, GROUP_PASSES)
        status = os.fstat(folder)
    if status.st_uid != owner or status.st_mode & closed:
        raise refusal
    return path


def close_below(parent: Path, name: str, account: Account) -> None:
    """Close that folder to all but the account, if it is there."""
    with suppress(FileNotFoundError, NotADirectoryError), _opened(parent / name) as folder:
        _set(folder, account, PRIVATE)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """The folder itself, and no other one that its former owner puts in its place meanwhile, or links to."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield folder
    finally:
        os.close(folder)


def _set(folder: int, account: Account, mode: int) -> None:
    status = os.fstat(folder)
    if (status.st_uid, status.st_gid, S_IMODE(status.st_mode)) != (account.uid, account.gid, mode):
        os.fchmod(folder, mode)
        os.fchown(folder, account.uid, account.gid)


def give(folder: Path, account: Account) -> None:
    """Give the account the folder and all that is in it; the folder last, so that what is cut short is done again."""
    # By descriptors: who had the folder before cannot lead us out of it.
    for _, folders, files, descriptor in os.fwalk(folder, topdown=False, follow_symlinks=False):
        for name in (*folders, *files):
            os.chown(name, account.uid, account.gid, dir_fd=descriptor, follow_symlinks=False)
    os.chown(folder, account.uid, account.gid, follow_symlinks=False)


def socket_folder(wanted: Path, socket: str, account: Account | None) -> Path:
    """The wanted folder, or a short one that is always the same when a socket's path below it would not do."""
    # A comma separates hosts in PostgreSQL's settings and URLs.
    if len(os.fsencode(wanted / socket)) <= SOCKET_PATH_LIMIT and not set(str(wanted)) & {",", '"'}:
        return private_folder(wanted, account)
    digest = sha256(os.fsencode(wanted)).hexdigest()[:16]
    return private_folder(Path(tempfile.gettempdir()) / f"darkroom-{digest}", account)
