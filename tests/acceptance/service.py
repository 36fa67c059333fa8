"""The whole service as a process of its own, and the command line beside it. Knows nothing of what is inside.

Every command runs without any setting of Darkroom's but the ones that a test gives.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

import httpx

from app.embedded.data_folder import RunningService, running_service
from app.settings.environment import settings_help
from tests.api_services import UNLIMITED
from tests.linux_processes import descendants, is_running
from tests.processes import LoggedProcess
from tests.servers import free_port, open_folder
from tests.waiting import until

DARKROOM: Final = str(Path(sys.executable).with_name("darkroom"))
CHILDREN: Final = ("postgres", "valkey", "project", "dispatch", "work", "serve")
START_SECONDS: Final = 60
STOP_SECONDS: Final = 60
ORPHAN_SECONDS: Final = 15
"""How long a child may outlive a parent that was killed."""


def clean_environment(**settings: str) -> dict[str, str]:
    """The machine's environment without any setting of ours, and then these; no limit on what one client asks."""
    ours = {name for name, _, _ in settings_help()}
    machine = {name: value for name, value in os.environ.items() if name not in ours}
    unlimited = {name.upper(): "0" for name in UNLIMITED}
    return {**machine, **unlimited, **settings}


def darkroom(*arguments: object, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in that folder."""
    return subprocess.run(
        [DARKROOM, *map(str, arguments)],
        cwd=folder,
        env=clean_environment(**settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Running(LoggedProcess):
    """A command that runs until it is stopped; it writes what it says to a file."""

    program: tuple[str, ...] = (DARKROOM,)

    def __init__(self, *arguments: object, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        super().__init__(
            [*self.program, *map(str, arguments)],
            folder / f"{arguments[0]}-{uuid4().hex[:8]}.log",
            folder=folder,
            environment=environment,
        )

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its log, line by line."""
        whole = self.output.rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]

    def has_said(self, event: str, **facts: object) -> bool:
        """Whether its log has a line with these facts."""
        return any(line.get("event") == event and facts.items() <= line.items() for line in self.lines)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop it with the signal. It must end well, and leave no process behind."""
        family = descendants(self.pid)
        self.send(number)
        assert self.ended(STOP_SECONDS) == 0, self.output
        assert [pid for pid in family if is_running(pid)] == [], self.output

    def kill(self) -> list[int]:
        """End it with SIGKILL; its descendants at that moment, which are to follow it."""
        family = descendants(self.pid)
        self._process.kill()
        self._process.wait()
        return family

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not self.has_ended:
            if error is None:
                self.stop()
            else:
                self.kill()


class Service(Running):
    """`darkroom up`, with its data in the folder's `data`."""

    def __init__(self, folder: Path, settings: Mapping[str, str], *, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.operations_url = f"http://127.0.0.1:{settings.get('OPERATIONS_PORT', self.port)}"
        self.data = folder / "data"
        environment = clean_environment(**settings)
        super().__init__("up", "--data", self.data, "--port", self.port, folder=folder, environment=environment)

    def wait_until_ready(self) -> Self:
        """Return when it can be used."""
        until(self._is_ready, f"{self.url} is not ready:\n{self.output}", START_SECONDS)
        return self

    def _is_ready(self) -> bool:
        assert not self.has_ended, self.output
        return "Darkroom is ready" in self.output and answers(self.operations_url)

    def pid_of(self, child: str) -> int:
        """The process that has the child's place now."""
        started = (line for line in self.lines if line["event"] == "child started" and line["child"] == child)
        return int(list(started)[-1]["pid"])

    @property
    def pids(self) -> dict[str, int]:
        """The processes of all of its children."""
        return {child: self.pid_of(child) for child in CHILDREN}

    def kill_child(self, child: str) -> None:
        """End a child with SIGKILL, and return when another process has its place."""
        killed = self.pid_of(child)
        os.kill(killed, signal.SIGKILL)
        until(lambda: self.pid_of(child) != killed, f"{child} was not started again:\n{self.output}", START_SECONDS)

    @property
    def addresses(self) -> RunningService:
        """Where its servers are."""
        return running_service(self.data)

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command beside it, to its end."""
        return darkroom(*arguments, folder=self.folder)

    def assert_verified(self) -> None:
        """Nothing is violated, by its own judgement."""
        verified = self.run("verify", "--data", self.data)
        assert verified.stdout.startswith("0 violations"), verified.stdout + verified.stderr
        assert verified.returncode == 0


@contextmanager
def running(**settings: str) -> Iterator[Service]:
    """A service on an empty folder, ready; it is stopped in good order, and its folder is gone afterwards."""
    with open_folder() as folder, Service(folder, settings) as service:
        yield service.wait_until_ready()


def answers(url: str) -> bool:
    """Whether a server is ready there."""
    try:
        return httpx.get(f"{url}/readyz", timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def assert_gone(family: list[int]) -> None:
    """All of them end, by themselves."""
    until(lambda: not any(map(is_running, family)), f"{family} outlive their parent", ORPHAN_SECONDS)
