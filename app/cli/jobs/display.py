"""Shows jobs on stderr while they run: one live bar a job on a terminal, otherwise one line a stage."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

if TYPE_CHECKING:
    from rich.progress import TaskID

LINES_BESIDE: Final = 2
"""Lines of the terminal that stay free of bars."""
LONGEST_NAME: Final = 24
WORTH_SAYING: Final = 1.0
"""A wait of so many seconds is shown."""


class Display(Protocol):
    """Shows jobs by name; with an empty name there is one."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End; what was shown stays."""

    def begin(self, name: str, job_id: str) -> None:
        """Show that a job was taken in."""

    def wait(self, name: str, seconds: float) -> None:
        """Show that the server asked us to come back later."""

    def show(self, name: str, status: dict[str, Any]) -> None:
        """Show where a job is."""

    def say(self, name: str, sentence: str) -> None:
        """Show a sentence about a job."""


def display(*, named: bool = False) -> Display:
    """The display that suits what stderr is; jobs have names where there are several."""
    return Bars(named=named) if sys.stderr.isatty() else Lines()


def described(status: dict[str, Any]) -> str:
    """An upload's status in a few words."""
    stage = "cancelled" if status.get("errorCode") == "CANCELLED" else status["stage"] or "waiting"
    return f"{stage} {status['progress']}%" + (f", attempt {status['attempt']}" if status["attempt"] > 1 else "")


class Lines:
    """A line for each stage and attempt."""

    def __init__(self) -> None:
        self._shown: dict[str, object] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        pass

    def begin(self, name: str, job_id: str) -> None:
        """Print the id."""
        self.say("", f"Job {job_id}{f', {name}' if name else ''}")

    def wait(self, name: str, seconds: float) -> None:
        """Print how long, where that is worth a line."""
        if seconds >= WORTH_SAYING:
            self.say(name, f"the server asks us to come back in {seconds:g} s")

    def show(self, name: str, status: dict[str, Any]) -> None:
        """Show the first status of each stage and attempt."""
        stage = (status["stage"], status["attempt"])
        if self._shown.get(name) != stage:
            self._shown[name] = stage
            self.say(name, described(status))

    def say(self, name: str, sentence: str) -> None:
        """Print it."""
        print(f"{name}: {sentence}" if name else sentence, file=sys.stderr, flush=True)  # noqa: T201 - this is the command line


class Bars:
    """A bar that moves for each job. Where they do not fit, those that have ended make room."""

    def __init__(self, *, named: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
        from rich.table import Column

        names = [TextColumn("{task.fields[label]}", markup=False, table_column=Column(no_wrap=True))] if named else []
        stage = TextColumn("{task.description:<13}", markup=False, table_column=Column(no_wrap=True))
        columns = (*names, stage, BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        # What goes to stdout is not ours to draw: it may be a pipe.
        self._progress: Progress = Progress(
            *columns, console=Console(stderr=True, emoji=False), redirect_stdout=False, redirect_stderr=False
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._progress.stop()

    def begin(self, name: str, job_id: str) -> None:
        """Print the id of a job that is alone; among many its bar says more."""
        if not name:
            self.say("", f"Job {job_id}")
        self._progress.update(self._task(name), description="waiting")

    def wait(self, name: str, seconds: float) -> None:
        """Say so in place of the stage."""
        if seconds >= WORTH_SAYING:
            self._progress.update(self._task(name), description=f"sends in {seconds:g} s")

    def show(self, name: str, status: dict[str, Any]) -> None:
        """Move the job's bar."""
        attempt = f" ({status['attempt']})" if status["attempt"] > 1 else ""
        stage = f"{status['stage'] or 'waiting'}{attempt}"
        self._progress.update(self._task(name), completed=status["progress"], description=stage)
        if status["isTerminal"]:
            self._progress.stop_task(self._task(name))

    def say(self, name: str, sentence: str) -> None:
        """Print it above the bars."""
        text = f"{name}: {sentence}" if name else sentence
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _task(self, name: str) -> "TaskID":
        if name not in self._tasks:
            self._make_room()
            label = name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"
            self._tasks[name] = self._progress.add_task("waiting", total=100, label=label)
        return self._tasks[name]

    def _make_room(self) -> None:
        bars = self._progress.tasks
        if len(bars) >= self._progress.console.size.height - LINES_BESIDE:
            ended = next((bar for bar in bars if bar.stop_time is not None), None)
            if ended is not None:
                self._progress.remove_task(ended.id)
