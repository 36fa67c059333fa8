"""Finds the folder for a server's data, which the account of the server must be able to reach.

It lies in the data folder. If the account may not enter that, it lies in a shelter to which the data folder links.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from app.embedded.accounts import check_rights, former_owners
from app.embedded.child import Account
from app.embedded.errors import EmbeddedError
from app.embedded.private_folders import give, make_data_folder, may_reach, private_folder

SHELTER: Final = Path("/var/lib/darkroom")


class Home:
    """The place of one server's data. `server` is its name for people."""

    def __init__(
        self, server: str, wanted: Path, account: Account | None, shelter: Path, on_surprise: Callable[[str], object]
    ) -> None:
        self._server = server
        self._wanted = wanted
        self._account = account
        self._shelter = shelter
        self._on_surprise = on_surprise

    def found(self) -> Path:
        """The folder, made if there is none. Raises EmbeddedError if the account cannot get or reach it."""
        check_rights()
        make_data_folder(self._wanted.parent)
        is_reachable = self._account is None or may_reach(self._account, self._wanted.parent)
        if not self._wanted.exists():
            return private_folder(self._wanted, self._account) if is_reachable else self._sheltered()
        if self._account is None:
            return self._wanted.resolve()
        if self._wanted.resolve().stat().st_uid in former_owners() - {self._account.uid}:
            return self._handed_over(self._account, is_reachable=is_reachable)
        return self._reached(self._account)

    def _reached(self, account: Account) -> Path:
        home = self._wanted.resolve()
        if not may_reach(account, home):
            raise EmbeddedError(
                f"The user {account.name}, as whom {self._server} runs, cannot reach {home} any more. "
                "Let others pass through the folders above it (chmod o+x)."
            )
        return private_folder(home, account)

    def _sheltered(self) -> Path:
        """A place outside of a closed folder, linked to from there; a new one each time, so none is taken over."""
        self._shelter.mkdir(mode=0o755, parents=True, exist_ok=True)
        prefix = f"{self._wanted.parent.name}-"
        home = private_folder(Path(tempfile.mkdtemp(prefix=prefix, dir=self._shelter)), self._account)
        self._wanted.symlink_to(home)
        self._on_surprise(f"{self._server} cannot run as root and keeps its data in {home}.")
        return home

    def _handed_over(self, account: Account, *, is_reachable: bool) -> Path:
        """The data of an older version, which ran the server as root or as our processes: it becomes the account's."""
        old = self._wanted.resolve()
        if not is_reachable and not self._wanted.is_symlink():
            aside = old.with_name(f"{old.name}.before")
            old.rename(aside)
            home = self._sheltered()
            for path in aside.iterdir():
                shutil.move(path, home / path.name)
            aside.rmdir()
            old = home
        give(old, account)
        return private_folder(old, account)
