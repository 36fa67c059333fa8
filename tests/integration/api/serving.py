"""The API as a process of its own, on real sockets."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import psycopg
from msgspec import Struct

from app.api.status.holding import RECHECK_SECONDS
from tests.servers import free_port
from tests.waiting import until

BODY_SECONDS: Final = 3.0
REPOSITORY: Final = Path(__file__).parents[3]


class Server(Struct):
    """A serving process."""

    process: subprocess.Popen[str]
    port: int
    database_url: str
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def uploads(self) -> int:
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute("SELECT count(*) FROM event_log").fetchone()
        assert row
        return int(row[0])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> str:
        """Send a signal, wait for the end, and return what was logged."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=20)[1]


def start(
    database_url: str,
    folder: Path,
    port: int,
    body_seconds: float = BODY_SECONDS,
    redis_url: str = "",
    recheck_seconds: float = RECHECK_SECONDS,
) -> subprocess.Popen[str]:
    """Start a serving process; without Redis it hears of no step."""
    parameters = [database_url, str(folder), str(port), str(body_seconds), redis_url, str(recheck_seconds)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.api.serve_for_tests", *parameters],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(
    database_url: str,
    folder: Path,
    body_seconds: float = BODY_SECONDS,
    redis_url: str = "",
    recheck_seconds: float = RECHECK_SECONDS,
) -> Iterator[Server]:
    """A process that answers."""
    process = start(database_url, folder, port := free_port(), body_seconds, redis_url, recheck_seconds)
    server = Server(process, port, database_url, folder)
    try:
        until(lambda: process.poll() is not None or answers(server), "the server does not answer")
        assert process.poll() is None, process.stderr and process.stderr.read()
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


def answers(server: Server) -> bool:
    """Whether it serves."""
    try:
        return httpx.get(f"{server.url}/healthz").status_code == 200
    except httpx.TransportError:
        return False
