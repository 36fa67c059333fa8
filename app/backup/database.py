"""Dumps and restores the database with PostgreSQL's own pg_dump and pg_restore."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import psycopg

from app.backup.archive import BackupError
from app.embedded.binaries import postgres_programs
from projections.log.connections import CONNECT_SECONDS

HOURS: Final = 6
"""How long a dump or a restore may take."""
SELECT_FACTS: Final = """
SELECT pg_export_snapshot(), coalesce(max(position), 0), count(DISTINCT upload_id), count(*) FROM event_log
"""


class Snapshot(NamedTuple):
    """One moment of the database, which stays readable while its context lasts, and what the log holds at it."""

    name: str
    position: int
    uploads: int
    events: int


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """A snapshot of the database. Raises BackupError."""
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            (facts,) = connection.execute(SELECT_FACTS).fetchall()
            yield Snapshot(*facts)
    except psycopg.errors.UndefinedTable:
        raise  # app/cli/__init__.py says what to do
    except psycopg.Error as error:
        raise BackupError(f"The database cannot be read: {error}".strip()) from error


def dump(url: str, moment: Snapshot, file: Path) -> None:
    """Write the database as of the snapshot. Raises BackupError."""
    _run("pg_dump", "--format=custom", "--no-owner", f"--snapshot={moment.name}", f"--file={file}", f"--dbname={url}")
    file.chmod(0o600)


def restore(url: str, file: Path) -> None:
    """Fill an empty database, all or nothing. Raises BackupError."""
    if not is_empty(url):
        raise BackupError("This database already has an event log. Restore into an empty database.")
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    _run("pg_restore", *options, f"--dbname={url}", file)


def is_empty(url: str) -> bool:
    """Whether the database has no event log. Raises BackupError."""
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            (found,) = connection.execute("SELECT to_regclass('event_log') IS NULL").fetchall()
            return bool(found[0])
    except psycopg.Error as error:
        raise BackupError(f"The database cannot be reached: {error}".strip()) from error


def _run(program: str, *arguments: object) -> None:
    command = [str(postgres_programs(None, Path()) / program), *map(str, arguments)]
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, without a shell
        command, capture_output=True, text=True, timeout=HOURS * 3600, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise BackupError(f"{program} failed: {said[-1]}")
