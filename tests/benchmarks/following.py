"""The lag of a reader: from the end of an append to the end of the commit that makes it visible.

The reader is a process of its own, and so are the writers; all read one clock, the machine's monotonic one.
"""

import multiprocessing
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from statistics import quantiles
from threading import Event, Thread
from types import TracebackType
from typing import Any, Final, Self

import psycopg
from redis import Redis

from projections.history import seals
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.follower import Follower
from projections.log.notifications import Wakeups
from projections.log.pools import open_pool
from projections.rows import projector
from tests.benchmarks import runner
from tests.benchmarks.contest import Figures
from tests.benchmarks.writers import Writers

WRITERS: Final = 4
Apply = Callable[[psycopg.Connection[Any], Sequence[LoggedEvent]], None]
Commits = list[tuple[int, float]]
"""The last position of what became visible, and when."""


class Noting(Follower):
    """Our reader, which remembers when it was done with what."""

    def __init__(self, event_log: EventLog, pool: Any, reader: str, apply: Apply, pause: float = 0) -> None:  # noqa: ANN401 - the pool of open_pool
        super().__init__(reader, event_log, pool, self._apply, pause=pause)
        self._do = apply
        self.commits: Commits = []
        self._last = 0

    def step(self) -> bool:
        """The next page, and when it was visible."""
        moved = super().step()
        if moved:
            self.commits.append((self._last, time.monotonic()))
        return moved

    def _apply(self, connection: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> None:
        self._do(connection, page)
        self._last = page[-1].position


def follow_ours(url: str, redis_url: str, end: Connection) -> None:
    """Be the projector until told to stop; tell what was seen when asked."""
    _follow(url, redis_url, end, projector.READER, projector.apply)


def follow_seals(url: str, redis_url: str, end: Connection) -> None:
    """Be the reader that seals."""
    _follow(url, redis_url, end, seals.READER, seals.seal, seals.PAUSE_SECONDS)


def _follow(url: str, redis_url: str, end: Connection, reader: str, apply: Apply, pause: float = 0) -> None:
    with open_pool(url, 4, "bench") as pool, Redis.from_url(redis_url) as redis:
        follower, stopping, wakeups = Noting(EventLog(pool), pool, reader, apply, pause), Event(), Wakeups(redis)
        thread = Thread(target=follower.run, args=(stopping, wakeups), daemon=True)
        thread.start()
        _answer(end, lambda: follower.commits)
        stopping.set()
        wakeups.close()
        thread.join()


def follow_theirs(url: str, _: str, end: Connection) -> None:
    """Be the library's runner."""
    with runner.running(url) as running:
        _answer(end, lambda: running.view.committed)


def _answer(end: Connection, commits: Callable[[], Commits]) -> None:
    end.send(None)
    while (last := end.recv()) is not None:
        while not commits() or commits()[-1][0] < last:
            time.sleep(0.01)
        end.send(list(commits()))


class Lag:
    """Writers and a reader, which wait to be measured."""

    def __init__(self, through: str, reader: Callable[[str, str, Connection], None], url: str, redis_url: str) -> None:
        self._stack = ExitStack()
        self._writers = self._stack.enter_context(Writers(through, url, WRITERS, redis_url))
        context = multiprocessing.get_context("forkserver")
        self._end, theirs = context.Pipe()
        self._process = context.Process(target=reader, args=(url, redis_url, theirs), daemon=True)
        self._process.start()
        self._end.recv()

    def measure(self, rate: float | None, seconds: float) -> Figures:
        """The lag of every event at so many a second, or as fast as the writers can."""
        appended = self._writers.round(WRITERS, seconds, rate)
        self._end.send(max(append.position for append in appended))
        commits: Commits = self._end.recv()
        positions = [position for position, _ in commits]
        lags = [
            max(commits[bisect_left(positions, append.position)][1] - append.ended, 0) * 1000 for append in appended
        ]
        cuts = quantiles(lags, n=100)
        took = quantiles([(append.ended - append.began) * 1000 for append in appended], n=100)
        return {
            "lag p50 ms": cuts[49],
            "lag p99 ms": cuts[98],
            "append p50 ms": took[49],
            "events/s": len(appended) / seconds,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._end.send(None)
        self._process.join()
        self._stack.close()


class DarkroomLag(Lag):
    """Ours, woken by notifications."""

    def __init__(self, url: str, redis_url: str) -> None:
        super().__init__("darkroom", follow_ours, url, redis_url)


class SealLag(Lag):
    """That of the seals."""

    def __init__(self, url: str, redis_url: str) -> None:
        super().__init__("darkroom", follow_seals, url, redis_url)


class LibraryLag(Lag):
    """The library's, woken by NOTIFY."""

    def __init__(self, url: str) -> None:
        super().__init__("library", follow_theirs, url, "")
