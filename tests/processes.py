"""Runs a process for a test, in a session of its own; its output goes to a file."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class LoggedProcess:
    """A process that writes to a file, so that no pipe has to be read for it to go on."""

    def __init__(self, command: Sequence[str], output: Path, *, folder: Path, environment: Mapping[str, str]) -> None:
        self._output = output
        with output.open("xb") as file:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def output(self) -> str:
        """All that it has said until now."""
        return self._output.read_text()

    @property
    def has_ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, and do not wait."""
        self._process.send_signal(number)

    def ended(self, seconds: float) -> int:
        """Its exit code."""
        return self._process.wait(seconds)
