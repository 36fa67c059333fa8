"""The processes of ours that `darkroom up` runs, each as a child. Where root started it, none of them is root.

They run as the account of the embedded servers, without a right of root's but these: `serve` listens on a port below
1024, and where Darkroom's own files or the data folder are closed to others, all may read any file. Where a container
withholds that one, they get the one to read and write them, and it is said.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from stat import S_IROTH, S_IXOTH
from typing import Final

import structlog

import app
from app.embedded.child import Account, Child
from app.embedded.errors import EmbeddedError
from app.embedded.private_folders import may_reach, unprivileged_account
from app.settings.environment import Settings, settings_help
from app.settings.surroundings import STARTER, environment_with, settings_in_files
from workers.confinement.privileges import (
    BIND_LOW_PORTS,
    OVERRIDE_MODES,
    READ_EVERYTHING,
    SET_GROUPS,
    SET_USERS,
    own_rights,
)
from workers.confinement.starter import Starter
from workers.imaging.sandbox import Sandbox

LOW_PORTS: Final = 1024

log = structlog.get_logger(__name__)


class Processes:
    """Makes the children for one service. `given` are the settings that its servers have brought."""

    def __init__(self, settings: Settings, given: Mapping[str, str], starter: Starter | None) -> None:
        self._settings = settings
        in_files = settings_in_files(name for name, _, _ in settings_help())
        self._environment = environment_with({**in_files, **given})
        self._starter = starter
        self._account = _account(settings)
        self._reads = _reading_rights(self._account, settings.data_dir) if self._account else ()

    def child(self, name: str) -> Child:
        """One of the processes."""
        starter = self._starter.end.fileno() if self._starter and name == "work" else None
        return Child(
            name=name,
            argv=(sys.executable, "-m", "app.cli", name),
            env=self._environment if starter is None else {**self._environment, STARTER: str(starter)},
            account=self._account,
            rights=self._rights(name) if self._account else None,
            inherits=() if starter is None else (starter,),
        )

    def _rights(self, name: str) -> tuple[int, ...]:
        ports = (self._settings.port, self._settings.operations_port or LOW_PORTS)
        binds = (BIND_LOW_PORTS,) if name == "serve" and min(ports) < LOW_PORTS else ()
        return tuple(right for right in (*binds, *self._reads) if right in own_rights())


@contextmanager
def starting(settings: Settings) -> Iterator[Starter | None]:
    """What starts image children for a worker that cannot, where root started us."""
    if _account(settings) is None:
        yield None
        return
    starter = Starter(Sandbox.command)
    try:
        yield starter
    finally:
        starter.close()


def hand_over(settings: Settings, folder: Path) -> None:
    """Give the objects to the account of the processes, if they have been another's."""
    account = _account(settings)
    if account is None or settings.s3_bucket:
        return
    objects = folder / "objects"
    objects.mkdir(mode=0o700, exist_ok=True)
    if objects.stat().st_uid == account.uid:
        return
    for parent, folders, files in os.walk(objects):
        for name in (*folders, *files):
            os.chown(Path(parent, name), account.uid, account.gid, follow_symlinks=False)
    os.chown(objects, account.uid, account.gid)  # last: cut short, it is all done again


def _account(settings: Settings) -> Account | None:
    # Elsewhere than on Linux root's rights cannot be given up in part.
    return None if settings.run_as == "root" or sys.platform != "linux" else unprivileged_account()


def _reading_rights(account: Account, data: Path) -> tuple[int, ...]:
    """What the account needs to read all that it has to. Raises EmbeddedError if we cannot give it that."""
    ours = own_rights()
    reads = () if _may_read_all(account, data) else (READ_EVERYTHING if READ_EVERYTHING in ours else OVERRIDE_MODES,)
    if not ours.issuperset({SET_USERS, SET_GROUPS, *reads}):
        raise EmbeddedError(
            f"This root may not run processes as the user {account.name}, with access to {sys.prefix} and {data}. "
            "Start Darkroom as another user, open these folders to others (chmod o+rx), or set RUN_AS=root."
        )
    if OVERRIDE_MODES in reads:
        log.warning("processes.override_modes", why=f"{sys.prefix} or {data} is closed to the user {account.name}")
    return reads


def _may_read_all(account: Account, data: Path) -> bool:
    """Whether the account can read the interpreter, the packages and our own, and reach the data."""
    code = [Path(place) for place in (sys.executable, sys.prefix, sys.base_prefix, *app.__path__, *sys.path) if place]
    open_to_all = S_IROTH | S_IXOTH
    return all(
        may_reach(account, place.resolve().parent) and place.stat().st_mode & open_to_all == open_to_all
        for place in code
        if place.exists()
    ) and may_reach(account, data)
