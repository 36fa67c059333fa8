"""Writers: a process each, with a connection each, that append the lives of uploads, an event at a time.

They are started once and wait; a round lets so many of them go at the same moment, for so long. What they append
through is given by name, so that a process can be told. An upload that is under way when the time is over is finished
outside of it, so that nothing is left standing.
"""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from statistics import quantiles
from types import TracebackType
from typing import Final, Self
from uuid import UUID

from eventsourcing.persistence import EventStore

from domain.events import Event
from domain.mapper import EventMapper
from projections.connections import open_pool
from projections.log import EventLog
from tests.benchmarks.contest import Figures
from tests.benchmarks.library import recorder
from tests.benchmarks.lives import life

HEAD_START: Final = 0.2
"""Seconds in which the last writer hears that it may begin."""

Append = Callable[[Sequence[Event]], object]
Report = tuple[int, list[float]]


def darkroom(url: str, stack: ExitStack) -> Append:
    """Our log, behind the store that domain/uploads.py appends through."""
    pool = stack.enter_context(open_pool(url, 1, "bench"))
    return EventStore[UUID](EventMapper(), EventLog(pool)).put


def library(url: str, stack: ExitStack) -> Append:
    """The library's own recorder. It gets our mapper too: what differs is how a row is written."""
    return EventStore[UUID](EventMapper(), recorder(url, stack)).put


OPEN: Final = {"darkroom": darkroom, "library": library}


class Writers:
    """Processes that wait to append to one database through one recorder."""

    def __init__(self, through: str, url: str, count: int) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._ends: list[Connection] = []
        self._processes = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(through, url, theirs), daemon=True)
            process.start()
            self._ends.append(ours)
            self._processes.append(process)
        for end in self._ends:
            end.recv()

    def round(self, count: int, seconds: float) -> Figures:
        """Let so many of them append for so long."""
        begin = time.monotonic() + HEAD_START
        for end in self._ends[:count]:
            end.send((begin, begin + seconds))
        reports: list[Report] = [end.recv() for end in self._ends[:count]]
        took = [latency for _, latencies in reports for latency in latencies]
        return {"events/s": sum(count for count, _ in reports) / seconds, "p99 ms": quantiles(took, n=100)[-1] * 1000}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for end in self._ends:
            end.send(None)
        for process in self._processes:
            process.join()


def _serve(through: str, url: str, end: Connection) -> None:
    with ExitStack() as stack:
        append = OPEN[through](url, stack)
        for event in life():  # so that the connection is there, and has prepared what it will be asked
            append([event])
        end.send(None)
        while (window := end.recv()) is not None:
            end.send(_write(append, *window))


def _write(append: Append, begin: float, deadline: float) -> Report:
    latencies = []
    time.sleep(max(begin - time.monotonic(), 0))
    while time.monotonic() < deadline:
        for event in life():
            began = time.monotonic()
            append([event])
            ended = time.monotonic()
            if ended < deadline:
                latencies.append(ended - began)
    return len(latencies), latencies
