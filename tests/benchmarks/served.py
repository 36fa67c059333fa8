"""Servers under measurement: each one process, started for a benchmark and stopped with it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import httpx
from psycopg.conninfo import conninfo_to_dict

from tests.acceptance.service import DARKROOM, clean_environment
from tests.linux_processes import descendants
from tests.servers import free_port
from tests.waiting import until

KEY: Final = "a key of the benchmarks that is long enough"
ROOT: Final = Path(__file__).parents[2]
HONO: Final = Path(__file__).with_name("peers") / "hono"
PEERS: Final = ("fastapi", "sqlalchemy", "asyncpg", "uvicorn", "uvloop", "httptools")


class Served(NamedTuple):
    """A server that answers."""

    url: str
    pid: int

    def status(self, upload_id: UUID, token: str) -> httpx.Response:
        """Where an upload is."""
        return httpx.get(f"{self.url}/api/status/{upload_id}", headers={"X-Session-Token": token}, trust_env=False)


@contextmanager
def served(command: Sequence[object], port: int, environment: Mapping[str, str]) -> Iterator[Served]:
    """Run a server until the end of the benchmark."""
    process = subprocess.Popen(
        [str(word) for word in command],
        cwd=ROOT,
        env={**clean_environment(), "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or _listens(url), f"{command[0]} does not answer")
        assert process.poll() is None, f"{command} ended"
        yield Served(url, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def darkroom(database_url: str, redis_url: str, folder: Path, **settings: str) -> Any:  # noqa: ANN401 - a context of Served
    """Darkroom's own API."""
    port = free_port()
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEYS": KEY,
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "LOG_LEVEL": "warning",
        **settings,
    }
    return served([DARKROOM, "serve"], port, environment)


def fastapi(database_url: str) -> Any:  # noqa: ANN401 - a context of Served
    """FastAPI and SQLAlchemy, on uvicorn."""
    found, port = conninfo_to_dict(database_url), free_port()
    url = f"postgresql+asyncpg://{found['user']}@/{found['dbname']}?host={found['host']}"
    peer = "tests.benchmarks.peers.fastapi_sqlalchemy:app"
    command = [sys.executable, "-m", "uvicorn", peer, "--port", port, "--no-access-log", "--log-level", "warning"]
    return served(command, port, {"SQLALCHEMY_URL": url, "SECRET_KEYS": KEY})


def hono(database_url: str, node: str) -> Any:  # noqa: ANN401 - a context of Served
    """Hono and Drizzle, on Node."""
    found, port = conninfo_to_dict(database_url), free_port()
    environment = {
        "DATABASE_SOCKET": f"{found['host']}/.s.PGSQL.{found.get('port', 5432)}",
        "DATABASE_NAME": str(found["dbname"]),
        "DATABASE_USER": str(found["user"]),
        "SECRET_KEYS": KEY,
        "PORT": str(port),
        "NODE_ENV": "production",
    }
    return served([node, HONO / "server.js"], port, environment)


def bare(kind: str, answer: httpx.Response) -> Any:  # noqa: ANN401 - a context of Served
    """The same bytes each time, from an application or a route that does nothing else."""
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    environment = {"HEADERS": json.dumps(headers), "BODY": answer.text}
    port = free_port()
    return served([sys.executable, "-m", "tests.benchmarks.peers.bare", port, kind], port, environment)


@contextmanager
def apart(server: Served) -> Iterator[None]:
    """Give the server the first CPU for itself; who asks it and the databases have the others, where there are any."""
    cpus = os.sched_getaffinity(0)
    first = {min(cpus)}
    family = {os.getpid(), *descendants(os.getpid())}
    _pin(family - {server.pid}, cpus - first or first)
    _pin({server.pid}, first)
    try:
        yield
    finally:
        _pin(family, cpus)


def _pin(processes: Iterable[int], cpus: set[int]) -> None:
    for thread in (int(task.name) for pid in processes for task in Path(f"/proc/{pid}/task").glob("*")):
        with suppress(ProcessLookupError):
            os.sched_setaffinity(thread, cpus)


def has_python_peers() -> bool:
    """Whether what the peer in Python needs is installed."""
    return all(find_spec(name) for name in PEERS)


def memory_kb(pid: int) -> int:
    """What a process holds in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def _listens(url: str) -> bool:
    try:
        return bool(httpx.get(f"{url}/nothing", timeout=2, trust_env=False).status_code)
    except httpx.TransportError:
        return False
