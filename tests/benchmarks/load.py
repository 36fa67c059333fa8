"""Load: one upload of twelve events, without the database, beside the library's own aggregate.

Loaded: twelve stored events decoded and folded. Advanced: eleven are, a command decides, and its event is encoded for
the log. It is the time of the processor that counts, for there is nothing to wait for.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from domain.fold import fold
from domain.mapper import EventMapper
from domain.stages import Stage
from tests.benchmarks import decorated
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case, Contender, Figures, Target
from tests.benchmarks.lives import WORKER, life

LOADS: Final = 5000
DECORATED: Final = "eventsourcing's aggregate"
Prepared = Callable[[], Callable[[], object]]
"""Makes the work that is timed."""


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """Do each many times, in one process."""
    times = bench.sized(LOADS, 50)
    target = Target(figure="us", over=(DECORATED,), at_most=0.1)
    yield [
        _case("load 12 events", _load, decorated.load, times, target),
        _case("load 11 events and advance", _load_and_advance, decorated.load_and_advance, times),
    ]


def _case(name: str, ours: Prepared, peers: Prepared, times: int, *targets: Target) -> Case:
    contenders = (
        Contender("Darkroom", "ours", lambda: _timed(ours(), times)),
        Contender(DECORATED, "peer", lambda: _timed(peers(), times)),
    )
    return Case(name, contenders, targets)


def _load() -> Callable[[], object]:
    mapper = EventMapper()
    stored = [mapper.to_stored_event(event) for event in life()]
    return lambda: fold(None, [mapper.to_domain_event(row) for row in stored])


def _load_and_advance() -> Callable[[], object]:
    mapper = EventMapper()
    stored = [mapper.to_stored_event(event) for event in life()[:-1]]

    def work() -> object:
        upload = fold(None, [mapper.to_domain_event(row) for row in stored])
        event = upload and upload.advance(Stage.COMPLETE, 100, attempt=1, by=WORKER)
        return mapper.to_stored_event(event) if event else None

    return work


def _timed(work: Callable[[], object], times: int) -> Figures:
    began = time.process_time()
    for _ in range(times):
        work()
    return {"us": (time.process_time() - began) / times * 1e6}
