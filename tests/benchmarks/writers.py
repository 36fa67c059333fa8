"""Writers: threads with a connection each, eight to a process like a worker's, that append lives, an event at a time.

Their processes are started once and wait; a round lets so many go at the same moment, for so long, as fast as they can
or at a rate. Their events are made before that moment; pgbench's row is ready, too. What they append through is given
by name, so that a process can be told. An upload that is under way when the time is over is finished outside of it, so
that nothing is left standing.
"""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from math import ceil
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Final, NamedTuple, Self

from eventsourcing.persistence import EventStore
from redis import Redis

from domain.events import Event
from domain.mapper import EventMapper
from projections.log.event_log import EventLog
from projections.log.notifications import RedisNotifier
from projections.log.pools import open_pool
from tests.benchmarks.library import recorder
from tests.benchmarks.lives import EVENTS, life
from tests.whole_json import WholeMapper

THREADS: Final = 8
"""Of a process: what WORKER_THREADS is unless it is told."""
HEAD_START: Final = 1.0
"""Seconds in which the last writer hears that it may begin, and has made its events."""
EVENTS_A_SECOND: Final = 10_000
"""About what all of them append on a quick machine. A writer that has no more ready makes the rest while it appends."""

Append = Callable[[Event], int]
"""Appends an event and answers with its position."""


class Window(NamedTuple):
    """When a writer begins and ends, how long it waits between events, in seconds, and how many lives it has ready."""

    begin: float
    deadline: float
    pause: float
    lives: int


class Appended(NamedTuple):
    """An append: the event's position, and when it began and ended, in seconds by the machine's monotonic clock."""

    position: int
    began: float
    ended: float


def darkroom(url: str, redis_url: str | None, stack: ExitStack) -> Append:
    """Our mapper and log, as domain/uploads.py appends through them; with Redis, it notifies too."""
    mapper, log = EventMapper(), EventLog(stack.enter_context(open_pool(url, THREADS, "bench")))

    def put(event: Event) -> int:
        return log.insert_events([mapper.to_stored_event(event)])[0]

    if redis_url is None:
        return put
    notifier = RedisNotifier(stack.enter_context(Redis.from_url(redis_url)))
    stack.callback(notifier.close)

    def put_and_ring(event: Event) -> int:
        position = put(event)
        notifier.notify()
        return position

    return put_and_ring


def library(url: str, _: str | None, stack: ExitStack) -> Append:
    """The library's own recorder. It gets our mapper too: what differs is how a row is written."""
    store = EventStore(WholeMapper(), recorder(url, stack))
    return lambda event: store.put([event])[0].notification.id


OPEN: Final = {"darkroom": darkroom, "library": library}


class Writers:
    """Processes whose threads wait to append to one database through one recorder."""

    def __init__(self, through: str, url: str, count: int, redis_url: str | None = None) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._ends: list[Connection] = []
        self._processes = []
        for _ in range(0, count, THREADS):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(through, url, redis_url, theirs), daemon=True)
            process.start()
            self._ends.append(ours)
            self._processes.append(process)
        for end in self._ends:
            end.recv()

    def round(self, count: int, seconds: float, rate: float | None = None) -> list[Appended]:
        """Let so many of them append for so long; with a rate, all together so many events a second."""
        begin = time.monotonic() + HEAD_START
        pause = count / rate if rate else 0
        lives = ceil(EVENTS_A_SECOND * seconds / count / EVENTS)
        windows = [Window(begin + pause * number / count, begin + seconds, pause, lives) for number in range(count)]
        ends = self._ends[: ceil(count / THREADS)]
        for number, end in enumerate(ends):
            end.send(windows[number * THREADS : (number + 1) * THREADS])
        return [appended for end in ends for appended in end.recv()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for end in self._ends:
            end.send(None)
        for process in self._processes:
            process.join()


def _serve(through: str, url: str, redis_url: str | None, end: Connection) -> None:
    with ExitStack() as stack:
        append = OPEN[through](url, redis_url, stack)
        threads = stack.enter_context(ThreadPoolExecutor(THREADS))
        # So that every connection is there, and has prepared what it will be asked.
        list(threads.map(lambda _: [append(event) for event in life()], range(THREADS)))
        end.send(None)
        while (windows := end.recv()) is not None:
            written = threads.map(lambda window: _write(append, *window), windows)
            end.send([appended for thread in written for appended in thread])


def _write(append: Append, begin: float, deadline: float, pause: float, lives: int) -> list[Appended]:
    done: list[Appended] = []
    due = begin
    ready = chain([life() for _ in range(lives)], iter(life, None))
    while time.monotonic() < deadline:
        for event in next(ready):
            early = due - time.monotonic()
            if early > 0 and due < deadline:  # even a sleep of 0 s gives the turn to another thread
                time.sleep(early)
            began = time.monotonic()
            position = append(event)
            if due < deadline:  # what is due later is the rest of this life, at once and outside of the time
                done.append(Appended(position, began, time.monotonic()))
            due = due + pause if pause else began
    return [appended for appended in done if appended.ended < deadline]
