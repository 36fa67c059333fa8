"""The embedded PostgreSQL: the event log and the read model, on a unix socket, kept on disk.

Started for the first time it makes its data folder, whole or not at all. As root it runs as an account of its own,
and its data lies where that account may reach it: in the folder's `postgres`, or where that then links to. A later
start needs no root, and no role of PostgreSQL's.
"""

import shutil
import sys
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cached_property
from pathlib import Path
from signal import SIGINT, SIGQUIT
from typing import Final, Unpack
from urllib.parse import quote

import psycopg
from psycopg import sql

from app.embedded.accounts import postgres_account, unprivileged_account
from app.embedded.binaries import postgres_programs
from app.embedded.child import Account, Child, Process
from app.embedded.errors import EmbeddedError
from app.embedded.homes import Home
from app.embedded.peers import SERVICE_ROLE, admit, sign_in_rules
from app.embedded.private_folders import give, socket_folder
from app.embedded.server import CLEAN_ENV, EmbeddedServer, Surroundings
from workers.confinement.privileges import acting_as

DATABASE: Final = "darkroom"
USER: Final = "darkroom"
SOCKET_NAME: Final = ".s.PGSQL.5432"
LOCK_FILE: Final = "postmaster.pid"
"""In the data folder; its first line is the server's process id."""
STATE_LINE: Final = 7
"""Where it has the server's state, counted from 0, for which pg_ctl waits too."""
INITDB_SECONDS: Final = 120.0
ORPHAN_SECONDS: Final = 10.0
"""How long a server of ours whose parent was killed may take to follow it."""


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL with its data in the folder's `postgres`."""

    def __init__(self, folder: Path, **surroundings: Unpack[Surroundings]) -> None:
        super().__init__(folder, **surroundings)
        self._processes = unprivileged_account()
        self._rules = sign_in_rules(self._processes)
        self._has_database = False

    @staticmethod
    def _own_account() -> Account | None:
        return postgres_account()

    @cached_property
    def child(self) -> Child:
        """How it is run; making this up also makes its folders."""
        return self._program(
            "postgres",
            self._account,
            *("-D", str(self._data)),
            *("-c", "listen_addresses="),
            *("-c", f"unix_socket_directories={self.sockets}"),
            *("-c", "max_connections=100"),
            *("-c", "shared_buffers=128MB"),
            *("-c", "fsync=on"),
            *("-c", f"recovery_init_sync_method={_sync_method()}"),
            *("-c", "timezone=UTC"),
            *("-c", "log_timezone=UTC"),
        )

    @property
    def url(self) -> str:
        """DATABASE_URL of the owner, who migrates, checks and backs up."""
        return self._url_of(DATABASE)

    @property
    def service_url(self) -> str:
        """DATABASE_URL of the processes, who cannot change the log."""
        return self._url_of(DATABASE, SERVICE_ROLE)

    def _url_of(self, database: str, user: str = USER) -> str:
        return f"postgresql:///{database}?host={quote(str(self.sockets), safe='/')}&user={user}"

    def _program(self, name: str, account: Account | None, *options: str) -> Child:
        programs = postgres_programs(account, self._cache)
        return Child(
            name=name,
            argv=(str(programs / name), *options),
            env=CLEAN_ENV,
            cwd=self._home,
            log=self.folder / "logs" / "postgres.log",
            account=account,
            stop_signal=SIGINT,  # its "fast shutdown": sessions are ended, nothing is lost
            kill_signal=SIGQUIT,  # its "immediate shutdown": its own children end too, unlike with SIGKILL
            stop_seconds=15,
            prepare=self._prepare if name == "postgres" else None,
            ready=self._answers if name == "postgres" else None,
        )

    @cached_property
    def _home(self) -> Path:
        wanted = self.folder / "postgres"
        return Home("PostgreSQL", wanted, self._account, self._shelter, self._on_surprise).found()

    @cached_property
    def _data(self) -> Path:
        return self._home / "data"

    @cached_property
    def sockets(self) -> Path:
        """The folder of its socket."""
        return socket_folder(self._home / "run", SOCKET_NAME, self._account)

    def _prepare(self) -> None:
        with self._as_its_account():
            self._clear_stale_locks()
            is_new = not self._data.exists()
        if is_new:
            self._initialise()
        with self._as_its_account():
            admit(self._data, self._rules)

    def _as_its_account(self) -> AbstractContextManager[None]:
        return acting_as(self._account.uid, self._account.gid) if self._account else nullcontext()

    def _initialise(self) -> None:
        half = self._home / "data.half"
        shutil.rmtree(half, ignore_errors=True)
        if self._account is None or self._processes is None:
            self._run_initdb(half, None)
            return
        # Unlike the server, initdb refuses a user without a name.
        give(self._home, self._processes)
        try:
            self._run_initdb(half, self._processes)
        finally:
            give(self._home, self._account)

    def _run_initdb(self, half: Path, account: Account | None) -> None:
        initdb = self._program(
            "initdb",
            account,
            *("-D", str(half), "-U", USER, "-A", "reject", "-E", "UTF8", "--no-locale", "--no-instructions"),
            *("--sync-method", _sync_method()),
        )
        process = Process(initdb)
        if not process.wait(INITDB_SECONDS):
            process.kill()
        if process.ending != "exit code 0":
            raise EmbeddedError(f"PostgreSQL could not make its data folder: {process.ending}.\n{initdb.last_words()}")
        half.rename(self._data)

    def _clear_stale_locks(self) -> None:
        """Remove what a killed server left; its process id may be another program's by now, which PostgreSQL shuns."""
        if sys.platform != "linux":
            return
        deadline = time.monotonic() + ORPHAN_SECONDS
        while (pid := self._living_server()) is not None:
            if time.monotonic() > deadline:
                raise EmbeddedError(f"Another PostgreSQL runs on {self._data}, as process {pid}.")
            time.sleep(0.05)
        for stale in (
            self._data / LOCK_FILE,
            self.sockets / f"{SOCKET_NAME}.lock",
            self.sockets / SOCKET_NAME,
        ):
            stale.unlink(missing_ok=True)

    def _living_server(self) -> int | None:
        """The process that holds the data folder, if it is PostgreSQL on that folder and no namesake."""
        with suppress(OSError, ValueError, IndexError):
            pid = int((self._data / LOCK_FILE).read_text().splitlines()[0])
            argv = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if str(self._data).encode() in argv:
                return pid
        return None

    def _answers(self) -> bool:
        if self._has_database:
            return self._says_ready()  # after a crash we may be an account that signs in as no role
        try:
            self._make_database()
        except psycopg.OperationalError:
            return False
        self._has_database = True
        return True

    def _says_ready(self) -> bool:
        with self._as_its_account(), suppress(OSError, IndexError):
            return (self._data / LOCK_FILE).read_text().splitlines()[STATE_LINE].strip() == "ready"
        return False

    def _make_database(self) -> None:
        with psycopg.connect(self._url_of("postgres"), connect_timeout=2, autocommit=True) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
            if connection.execute("SELECT to_regrole(%s)", (SERVICE_ROLE,)).fetchone() == (None,):
                connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(SERVICE_ROLE)))
            connection.execute(sql.SQL("ALTER ROLE {} LOGIN").format(sql.Identifier(SERVICE_ROLE)))


def _sync_method() -> str:
    """How the data folder is made safe at the first start and after a crash: in one call, not one for each file.

    On a busy disk that made 0.4 s of the 3 s that PostgreSQL needs after a SIGKILL.
    """
    return "syncfs" if sys.platform == "linux" else "fsync"
