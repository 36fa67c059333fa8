"""The processes of ours that `darkroom up` runs, each as a child. Where root started it, none of them is root.

They run as an account without a right of root's but these: `serve` listens on a port below 1024, and where Darkroom's
own files or the data folder are closed to others, all may read any file. Where a container withholds that one, they get
the one to read and write them, and it is said. The supervisor gives up root before it starts them: see `leave_root`.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IROTH, S_IXOTH
from typing import Final

import structlog

import app
from app.embedded.accounts import ids_in_use, supervisor_account, unprivileged_account
from app.embedded.child import Account, Child
from app.embedded.errors import EmbeddedError
from app.embedded.private_folders import give, may_reach
from app.settings.environment import Settings, settings_help
from app.settings.surroundings import STARTER, environment_with, settings_in_files
from workers.confinement.privileges import (
    BIND_LOW_PORTS,
    OVERRIDE_MODES,
    READ_EVERYTHING,
    SET_GROUPS,
    SET_USERS,
    SIGNAL_ALL,
    leave_root,
    own_rights,
)
from workers.confinement.process_control import hide
from workers.confinement.starter import Starter
from workers.confinement.user_filter import limit_users
from workers.imaging.sandbox import Sandbox

LOW_PORTS: Final = 1024
TO_SUPERVISE: Final = (SET_USERS, SET_GROUPS, SIGNAL_ALL)
"""What the supervisor keeps of root's rights, beside those of its children."""

log = structlog.get_logger(__name__)


class Processes:
    """Makes the children for one service. `given` are the settings that its servers have brought."""

    def __init__(self, settings: Settings, given: Mapping[str, str]) -> None:
        self._settings = settings
        in_files = settings_in_files(name for name, _, _ in settings_help())
        self._environment = environment_with({**in_files, **given})
        self._starter: Starter | None = None
        self._account = _account(settings)
        self._reads = _reading_rights(self._account, settings.data_dir) if self._account else ()

    @contextmanager
    def started_without_root(self, folder: Path) -> Iterator[None]:
        """Become an account without rights but to start the children again as theirs; with a starter for `work`.

        Nothing happens where the children run as we do. What is in the data folder and must be ours becomes it.
        """
        supervisor = supervisor_account()
        if self._account is None or supervisor is None:
            yield
            return
        if (logs := folder / "logs").is_dir():
            give(logs.resolve(), supervisor)
        ids = ids_in_use()
        leave_root(supervisor.uid, supervisor.gid, (*TO_SUPERVISE, *self._rights("serve")))
        hide()
        try:
            limit_users(ids)
        except OSError as error:
            log.warning("supervisor.any_user", why=f"the kernel cannot refuse it the change to root: {error.strerror}")
        self._starter = Starter(Sandbox.command, self._reads)
        try:
            yield
        finally:
            self._starter.close()

    def child(self, name: str) -> Child:
        """One of the processes."""
        starter = self._starter.end.fileno() if self._starter and name == "work" else None
        return Child(
            name=name,
            argv=(sys.executable, "-m", "app.cli", name),
            env=self._environment if starter is None else {**self._environment, STARTER: str(starter)},
            account=self._account,
            rights=self._rights(name) if self._account else (),
            inherits=() if starter is None else (starter,),
        )

    def _rights(self, name: str) -> tuple[int, ...]:
        ports = (self._settings.port, self._settings.operations_port or LOW_PORTS)
        binds = (BIND_LOW_PORTS,) if name == "serve" and min(ports) < LOW_PORTS else ()
        return tuple(right for right in (*binds, *self._reads) if right in own_rights())


def limit_ids(settings: Settings) -> None:
    """Before the servers start: root and its children become none but root and our accounts, where we give up root."""
    if _account(settings) is not None:
        with suppress(OSError):  # said when root is given up
            limit_users({0, *ids_in_use()})


def hand_over(settings: Settings, folder: Path) -> None:
    """Give the objects to the account of the processes, if they have been another's."""
    account, objects = _account(settings), folder / "objects"
    if settings.s3_bucket or os.geteuid() != 0:
        return
    objects.mkdir(mode=0o700, exist_ok=True)
    objects = objects.resolve()  # it may lie on another disk
    if account is None:
        os.chown(objects, 0, 0)  # what root adds to it is handed over when root gives up again
    elif objects.stat().st_uid != account.uid:
        give(objects, account)


def _account(settings: Settings) -> Account | None:
    # Elsewhere than on Linux root's rights cannot be given up in part.
    return None if settings.run_as == "root" or sys.platform != "linux" else unprivileged_account()


def _reading_rights(account: Account, data: Path) -> tuple[int, ...]:
    """What the account needs to read all that it has to. Raises EmbeddedError if we cannot give it that."""
    ours = own_rights()
    reads = () if _may_read_all(account, data) else (READ_EVERYTHING if READ_EVERYTHING in ours else OVERRIDE_MODES,)
    if not ours.issuperset({*TO_SUPERVISE, *reads}):
        raise EmbeddedError(
            f"This root may not run processes as the user {account.name}, with access to {sys.prefix} and {data}. "
            "Start Darkroom as another user, open these folders to others (chmod o+rx), or set RUN_AS=root."
        )
    if OVERRIDE_MODES in reads:
        log.warning("processes.override_modes", why=f"{sys.prefix} or {data} is closed to the user {account.name}")
    return reads


def _may_read_all(account: Account, data: Path) -> bool:
    """Whether the account can read the interpreter, the packages and our own, and reach the data."""
    code = [Path(path) for path in (sys.executable, sys.prefix, sys.base_prefix, *app.__path__, *sys.path) if path]
    open_to_all = S_IROTH | S_IXOTH
    return all(
        may_reach(account, path.resolve().parent) and path.stat().st_mode & open_to_all == open_to_all
        for path in code
        if path.exists()
    ) and may_reach(account, data)
