"""The session tokens of this machine's jobs: one file a server, which only its owner may read.

A file holds a line of JSON a job, and another one for each renewed token; the last one of a job is the one that counts.
Lines are only ever added, so commands that run at the same time need no lock, and no
token of a job that may still be looked at is dropped. A line that is damaged is passed over alone.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote, urlsplit

import msgspec

from app.cli.jobs.client import Job, is_same_session
from app.settings.surroundings import state_folder

FOLDER: Final = "tokens"
ENDING: Final = ".jsonl"
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class _Line(msgspec.Struct, frozen=True, rename="camel"):
    job_id: str
    session_token: str


class TokenFile:
    """The tokens of one server's jobs. Raises OSError where the file cannot be used."""

    def __init__(self, server: str) -> None:
        self.path = _folder() / f"{quote(_canonical(server), safe='')}{ENDING}"

    def prepare(self) -> None:
        """Make the file, with its folder, for the eyes of its owner alone."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(self._open())

    def keep(self, job: Job) -> None:
        """Remember the token of a job."""
        self._add([job])

    def renew(self, token: str, renewed: str) -> None:
        """Keep the renewed token for each kept job of its session."""
        kept = (Job(job_id, renewed) for job_id, old in self._jobs().items() if is_same_session(old, token))
        if jobs := list(kept):
            self._add(jobs)

    def beginning_with(self, beginning: str) -> list[Job]:
        """The jobs whose id begins so; dashes do not count."""
        start = beginning.replace("-", "")
        jobs = (Job(job_id, token) for job_id, token in self._jobs().items())
        return [job for job in jobs if job.id.replace("-", "").startswith(start)]

    def _jobs(self) -> dict[str, str]:
        try:
            with self.path.open("rb") as file:
                with suppress(PermissionError):
                    os.fchmod(file.fileno(), 0o600)  # also one that was copied here with other rights
                lines = file.read().splitlines()
        except FileNotFoundError:
            return {}
        read = (_read(line) for line in lines)
        return {line.job_id: line.session_token for line in read if line}

    def _add(self, jobs: Sequence[Job]) -> None:
        self.prepare()
        lines = b"".join(msgspec.json.encode(_Line(job.id, job.session_token)) + b"\n" for job in jobs)
        if not (self.path.read_bytes() or b"\n").endswith(b"\n"):
            lines = b"\n" + lines  # the last line was cut off: the new ones do not join it
        # One write to a file that is open for appending: lines of other commands do not come between.
        with os.fdopen(self._open(), "ab", buffering=0) as file:
            file.write(lines)

    def _open(self) -> int:
        opened = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.fchmod(opened, 0o600)  # also one that was copied here with other rights
        return opened


def servers_that_know(beginning: str) -> list[str]:
    """The servers to which this machine has sent jobs whose id begins so."""
    names = sorted(file.name.removesuffix(ENDING) for file in _folder().glob(f"*{ENDING}"))
    return [server for server in map(unquote, names) if _knows(server, beginning)]


def _knows(server: str, beginning: str) -> bool:
    try:
        return bool(TokenFile(server).beginning_with(beginning))
    except OSError:
        return False  # not by a file that cannot be read


def _folder() -> Path:
    try:
        return state_folder() / FOLDER
    except RuntimeError as error:
        raise FileNotFoundError(2, str(error), "~") from error


def _canonical(server: str) -> str:
    """The address in its one form, without a password."""
    parts = urlsplit(server)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in {None, DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def _read(line: bytes) -> _Line | None:
    try:
        return msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, UnicodeError):
        return None
