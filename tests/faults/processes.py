"""A process of the service with fail-points, with leases of two seconds: started, frozen, ended by a test."""

import signal
import sys
from pathlib import Path
from typing import Final

from tests.linux_processes import status
from tests.processes import LoggedProcess
from tests.waiting import until

ROOT: Final = Path(__file__).parent.parent.parent
LEASE_SECONDS: Final = "2"
START_SECONDS: Final = 30


class WorkerProcess(LoggedProcess):
    """A `darkroom work` with fail-points."""

    command = "work"
    started = "worker.started"

    def __init__(self, output: Path, environment: dict[str, str], *points: str) -> None:
        program = [sys.executable, "-X", "faulthandler", "-m", "tests.failpoints", self.command]
        super().__init__([*program, *points, "--lease", LEASE_SECONDS], output, folder=ROOT, environment=environment)

    @property
    def is_frozen(self) -> bool:
        """Whether SIGSTOP has come to it."""
        return status(self.pid, "State").startswith("T")

    def wait_until_ready(self) -> None:
        """Return when it is at work."""
        try:
            until(lambda: self.started in self.output, f"{self.command} does not start", START_SECONDS)
        except AssertionError as error:
            error.add_note(self._last_words())
            raise

    def _last_words(self) -> str:
        """All that it has said, and where each of its threads is: whether it hangs or was never given a turn."""
        used = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        self.send(signal.SIGABRT)
        self.ended(10)
        return f"user and system time in ticks: {used}\n{self.output}"

    def wait_until_frozen(self) -> None:
        """Return when it has come to its fail-point."""
        until(lambda: self.is_frozen, f"the worker does not freeze:\n{self.output}", START_SECONDS)

    def end(self) -> None:
        """Make sure that it is gone, frozen or not."""
        if not self.has_ended:
            self._process.kill()
        self._process.wait()


class DispatchProcess(WorkerProcess):
    """A `darkroom dispatch` with fail-points."""

    command = "dispatch"
    started = "dispatcher.started"
