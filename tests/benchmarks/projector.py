"""Projector: from the log to the rows. Catching up, following, and what a rebuild takes of memory.

Catching up: the whole log, from nothing. The peer is the library's ProjectionRunner, one transaction an event, over as
many events as it manages in a round; the limit is one SQL statement that makes the same rows in PostgreSQL itself, and
can do so for uploads that went well alone. Following: from the end of an append to the end of the commit that makes it
visible, by the machine's monotonic clock, woken by notifications; the peer is woken by NOTIFY.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Final

from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from projections.rows.projector import projector
from tests.benchmarks import library, runner
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case, Contender, Figures, Target
from tests.benchmarks.following import DarkroomLag, LibraryLag
from tests.benchmarks.lives import EVENTS, crowd
from tests.benchmarks.memory import rebuild_memory
from tests.benchmarks.sql_rebuild import rebuild_in_sql
from tests.whole_json import WholeMapper

RUNNER: Final = "ProjectionRunner"
SQL: Final = "one SQL statement"
UPLOADS: Final = 9000
REBUILT: Final = 27_000
"""Uploads of a rebuild: so many that a tenth of them are several pages."""
SAMPLE: Final = 2000
RUNNER_EVENTS: Final = 2400
RATES: Final = (100, 500)


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """Catch up, follow at two rates, rebuild."""
    with ExitStack() as stack:
        yield [_catch_up(bench, stack), *_following(bench, stack), _memory(bench)]


def _catch_up(bench: Bench, stack: ExitStack) -> Case:
    count = bench.sized(UPLOADS, 20)
    ours, in_sql = bench.database(), bench.database()
    for url in (ours, in_sql):
        fill(url, count)
    theirs = _theirs(bench, stack, bench.sized(RUNNER_EVENTS * bench.rounds, EVENTS * 2) // EVENTS)
    contenders = (
        Contender("Darkroom", "ours", partial(_ours, ours, count * EVENTS)),
        Contender(RUNNER, "peer", theirs),
        Contender(SQL, "limit", partial(rebuild_in_sql, in_sql)),
    )
    targets = (
        Target(figure="events/s", over=(RUNNER,), at_least=50),
        Target(figure="events/s", over=(SQL,), at_least=0.25),
    )
    return Case(f"catch up over {count * EVENTS:,} events", contenders, targets)


def fill(url: str, count: int) -> None:
    """Append that many lives to our log."""
    with open_pool(url, 1, "bench") as pool:
        log = EventLog(pool)
        for events in crowd(count):
            log.insert_events(events)


def _ours(url: str, events: int) -> Figures:
    with open_pool(url, 4, "bench") as pool:
        with pool.connection() as connection:
            connection.execute("TRUNCATE uploads, results")
            connection.execute("UPDATE positions SET position = 0")
        follower = projector(EventLog(pool), pool)
        began = time.perf_counter()
        follower.catch_up()
        return {"events/s": events / (time.perf_counter() - began)}


class _Runner:
    """The library's runner, which goes on where it stopped in the round before."""

    def __init__(self, url: str, events: int) -> None:
        self._url = url
        self._events = events
        self._until = 0

    def __call__(self) -> Figures:
        self._until += self._events
        commits = runner.handled(self._url, self._until)
        return {"events/s": (len(commits) - 1) / (commits[-1][1] - commits[0][1])}


def _theirs(bench: Bench, stack: ExitStack, count: int) -> _Runner:
    url = bench.database(ours=False)
    library.create_tables(url)
    log = library.recorder(url, stack)
    for events in crowd(count, mapper=WholeMapper()):
        log.insert_events(events)
    return _Runner(url, count * EVENTS // bench.rounds)


def _following(bench: Bench, stack: ExitStack) -> list[Case]:
    theirs = bench.database(ours=False)
    library.create_tables(theirs)
    lags = (
        stack.enter_context(DarkroomLag(bench.database(), bench.redis_url)),
        stack.enter_context(LibraryLag(theirs)),
    )
    seconds = bench.sized(6, 1)

    def case(rate: float) -> Case:
        ours, peer = (partial(lag.measure, rate, seconds) for lag in lags)
        targets = (Target(figure="lag p99 ms", over=(RUNNER,), at_most=1),) if rate == RATES[-1] else ()
        contenders = (Contender("Darkroom", "ours", ours), Contender(RUNNER, "peer", peer))
        return Case(f"follow {rate} events/s", contenders, targets)

    return [case(rate) for rate in RATES[: bench.sized(2, 1)]]


def _memory(bench: Bench) -> Case:
    count = bench.sized(REBUILT, 20)
    url = bench.database(sample=SAMPLE)
    fill(url, count)
    contender = Contender("Darkroom", "ours", partial(rebuild_memory, url))
    target = Target(figure="MiB at its end, of those at a tenth", at_most=1.1)
    return Case(f"rebuild of {count * EVENTS:,} events", (contender,), (target,))
