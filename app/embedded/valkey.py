"""The embedded Valkey: the queue of runs, on a unix socket, kept on disk."""

import socket
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import quote

from app.embedded.accounts import valkey_account
from app.embedded.binaries import valkey_server
from app.embedded.child import Account, Child
from app.embedded.errors import EmbeddedError
from app.embedded.homes import Home
from app.embedded.private_folders import close_below, socket_folder
from app.embedded.server import CLEAN_ENV, EmbeddedServer

SOCKET_NAME: Final = "valkey.sock"
APPENDED: Final = "appendonlydir"
ANSWER_SECONDS: Final = 0.5
HZ: Final = "4"
"""How often it wakes by itself in a second, asked or not. Its own 10 take 1.7 ms of CPU; with less than 4 it would be
late to see that it is to stop."""


class EmbeddedValkey(EmbeddedServer):
    """Valkey with its data in the folder's `valkey`. As root it runs as an account of its own."""

    @staticmethod
    def _own_account() -> Account | None:
        return valkey_account()

    @cached_property
    def child(self) -> Child:
        """How it is run; making this up also makes its folders."""
        return Child(
            name="valkey",
            argv=(str(valkey_server(self._account, self._cache)), *self._options()),
            env=CLEAN_ENV,
            cwd=self._data,
            log=self.folder / "logs" / "valkey.log",
            account=self._account,
            stop_seconds=10,
            prepare=self._refuse_second,
            ready=self.answers,
        )

    @property
    def url(self) -> str:
        """REDIS_URL for its clients."""
        return f"unix://{quote(str(self.socket_path))}"

    @cached_property
    def _data(self) -> Path:
        home = Home("Valkey", self.folder / "valkey", self._account, self._shelter, self._on_surprise).found()
        if self._account:
            close_below(home, APPENDED, self._account)  # an older version left it open to those who pass through
        return home

    @cached_property
    def socket_path(self) -> Path:
        """Where its socket is."""
        return socket_folder(self._data, SOCKET_NAME, self._account) / SOCKET_NAME

    def _options(self) -> tuple[str, ...]:
        return (
            *("--port", "0"),
            *("--unixsocket", str(self.socket_path)),
            *("--unixsocketperm", "777"),  # its folder says who reaches it
            *("--dir", str(self._data)),
            *("--appendonly", "yes", "--appenddirname", APPENDED),
            *("--save", ""),
            *("--maxmemory-policy", "noeviction"),
            *("--hz", HZ),
            *("--daemonize", "no"),
        )

    def _refuse_second(self) -> None:
        # Two servers on one append-only file would ruin it.
        if self.answers():
            raise EmbeddedError(f"Another Valkey answers at {self.socket_path}.")

    def answers(self) -> bool:
        """Whether it has loaded its data and answers."""
        # One line of its protocol: the client library takes a third of a second to import.
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            try:
                connection.connect(str(self.socket_path))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:
                return False
