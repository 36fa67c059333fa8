"""Fail-points by name: a process of the service in which something happens at one exact place, once or a few times.

    python -m tests.failpoints work answer.kept=kill
    python -m tests.failpoints work append.ResultStored=freeze,upload=ID,attempt=1 --lease 2 --grace 1 --stop 5
    python -m tests.failpoints work --clock -90

The product knows nothing of them: this program wraps its functions and then runs the real process with the settings of
the environment. So they cost nothing, and no setting of an installed service can switch one on.

| point | where |
| --- | --- |
| run.begun | a run holds its lease; its attempt has not begun |
| generate.asking | the clean copy is read; no call of the image model is counted or made |
| generate.called | the call is counted, and about to be made |
| generate.answered | the answer is here, and nowhere else |
| answer.kept, clean.kept, full.stored, preview.stored | the object is stored and read back |
| page.found | a reader of the log has looked where it is; no transaction is open |
| page.applied | the projector has written a page's rows, in a transaction that also moves its position |
| run.sent | a run is in the queue; the dispatcher's position moves in the transaction that is open |
| due.moved | the reconciler has sent an upload, in the transaction that holds its lock |
| model.applied | a rebuild has written a page of the new read model, in a transaction that also moves its position |
| model.built, model.settled | the new read model is at the end of the log; its tables are analyzed too |
| model.comparing | the first rows of the two read models are compared |
| model.exchanged | the tables of the two have changed places, in a transaction that is open |
| model.swapped | the new read model is live, and the command has told nothing yet |
| append.EVENT, appended.EVENT | before and after an append whose first event is of that class |

Actions: `kill` (SIGKILL), `segfault`, `freeze` (SIGSTOP; the test sends SIGCONT), `term` (SIGTERM), `raise`.
Options of an action: `upload=ID`, `attempt=N`, `times=N` (1 unless said, counted by each process for itself).
"""

import argparse
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Final, NamedTuple, Self

import structlog
import time_machine

from app import processes
from app.cli.project import COMMANDS
from app.logs import configure_logs
from app.settings.environment import Settings
from app.storage import s3
from domain.events import EVENTS
from projections.log.event_log import EventLog
from projections.log.follower import Follower
from projections.rows import projector, rebuilding, swap
from projections.rows.builder import Builder
from workers.queue import leases, reconciler
from workers.queue.actors import DramatiqQueue
from workers.queue.reconciler import Reconciler
from workers.runs import calls, stages
from workers.runs.pipeline import Pipeline
from workers.runs.stages import Stages


class Broken(Exception):  # noqa: N818 - no error of the service
    """What `raise` raises."""


def _raise() -> None:
    raise Broken


def _signal(number: signal.Signals) -> Callable[[], None]:
    # To this thread: one that is sent to the process may be taken by another, and this one goes on for some steps.
    return lambda: signal.pthread_kill(threading.get_ident(), number)


ACTIONS: Final[dict[str, Callable[[], None]]] = {
    "kill": _signal(signal.SIGKILL),
    "segfault": _signal(signal.SIGSEGV),
    "freeze": _signal(signal.SIGSTOP),
    "term": _signal(signal.SIGTERM),
    "raise": _raise,
}


@dataclass
class FailPoint:
    """One place and what happens there."""

    point: str
    action: Callable[[], None]
    upload: str | None = None
    attempt: int | None = None
    times: int = 1

    @classmethod
    def parsed(cls, text: str) -> Self:
        """What the command line says of it."""
        point, _, told = text.partition("=")
        action, *options = told.split(",")
        chosen = dict(option.split("=") for option in options)
        return cls(
            point,
            ACTIONS[action],
            upload=chosen.get("upload"),
            attempt=int(chosen["attempt"]) if "attempt" in chosen else None,
            times=int(chosen.get("times", 1)),
        )

    def reached(self) -> None:
        """Act, if it is this upload's and this attempt's turn. The run's log context tells whose it is."""
        run = structlog.contextvars.get_contextvars()
        if self.times and self.upload in {None, run.get("upload_id")} and self.attempt in {None, run.get("attempt")}:
            self.times -= 1
            self.action()


class Target(NamedTuple):
    """A function of the service, and which of its calls are meant."""

    owner: Any
    function: str
    after: bool
    meant: Callable[..., bool] = lambda *_, **__: True


def target_of(point: str) -> Target:
    """The place that a point names."""
    kind, _, what = point.partition(".")
    if kind in {"append", "appended"}:
        names = {event.__name__: name for name, event in EVENTS.items()}
        topic = names[what]
        return Target(EventLog, "insert_events", kind == "appended", lambda _, stored, **__: stored[0].topic == topic)
    if kind in {"full", "preview"}:
        return Target(stages, "keep_picture", after=True, meant=lambda *told: told[2] == kind)
    return {
        "run.begun": Target(Pipeline, "_run", after=False),
        "generate.asking": Target(Stages, "_call", after=False),
        "generate.called": Target(stages, "generate", after=False),
        "generate.answered": Target(stages, "generate", after=True),
        "answer.kept": Target(stages, "keep_answer", after=True),
        "clean.kept": Target(stages, "keep", after=True),
        "page.found": Target(Follower, "position", after=True),
        "page.applied": Target(projector, "apply_together", after=True),
        "model.applied": Target(Builder, "_apply", after=True),
        "model.built": Target(Builder, "settle", after=False),
        "model.settled": Target(Builder, "settle", after=True),
        "model.comparing": Target(rebuilding, "_first", after=True),
        "model.exchanged": Target(swap, "_exchange", after=True),
        "model.swapped": Target(rebuilding, "_report", after=False),
        "run.sent": Target(DramatiqQueue, "send", after=True),
        "due.moved": Target(Reconciler, "_move", after=True),
    }[point]


def install(fail_point: FailPoint) -> None:
    """Wrap the function of its place."""
    target = target_of(fail_point.point)
    function = getattr(target.owner, target.function)

    @wraps(function)
    def wrapped(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401 - of any function
        meant = target.meant(*arguments, **keywords)
        if meant and not target.after:
            fail_point.reached()
        answer = function(*arguments, **keywords)
        if meant and target.after:
            fail_point.reached()
        return answer

    setattr(target.owner, target.function, wrapped)


def shorten(lease: float | None, grace: float | None, stop: float | None, silence: int | None) -> None:
    """Let lost workers and silent storages be noticed, and a stop be over, sooner than in life: a test is short."""
    if lease:
        leases.LEASE_SECONDS = reconciler.LEASE_SECONDS = lease  # type: ignore[misc, attr-defined] # Final, for everybody else
        leases.BEAT_SECONDS = lease / 4  # type: ignore[misc] # likewise
    if grace:
        processes.GRACE_SECONDS = grace  # type: ignore[misc] # likewise
    if stop:
        processes.STOP_SECONDS = stop  # type: ignore[misc] # likewise
    if silence:
        s3.SILENCE_SECONDS = silence  # type: ignore[misc] # likewise


def main() -> None:
    """Run the process."""
    parser = argparse.ArgumentParser(prog="python -m tests.failpoints")
    parser.add_argument("process", choices=("work", "project", "dispatch", "rebuild"))
    parser.add_argument("points", nargs="*", type=FailPoint.parsed, metavar="POINT=ACTION[,OPTION=VALUE...]")
    for time in ("--lease", "--grace", "--stop"):
        parser.add_argument(time, type=float, metavar="SECONDS")
    parser.add_argument("--silence", type=int, metavar="SECONDS", help="after which a storage is given up")
    parser.add_argument("--failures", type=int, metavar="NUMBER", help="of the image model, that open the breaker")
    parser.add_argument("--clock", type=float, metavar="SECONDS", help="how far its clock is ahead")
    arguments = parser.parse_args()
    if arguments.clock:
        time_machine.travel(datetime.now(UTC) + timedelta(seconds=arguments.clock)).start()
    settings = Settings.from_env()
    configure_logs(settings.log_format, settings.log_level)
    for fail_point in arguments.points:
        install(fail_point)
    if arguments.failures:
        calls.FAILURES = arguments.failures  # type: ignore[misc] # Final, for everybody else
    shorten(arguments.lease, arguments.grace, arguments.stop, arguments.silence)
    if arguments.process == "rebuild":
        COMMANDS["rebuild"](settings)
    else:
        getattr(processes, arguments.process)(settings)


if __name__ == "__main__":
    main()
