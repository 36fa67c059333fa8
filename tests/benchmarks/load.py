"""Load: one upload of twelve events loaded and advanced, without the database, beside the library's own aggregate.

Loaded: eleven stored events decoded and folded. Advanced: the command decides, and its event is encoded for the log. It
is the time of the processor that counts, for there is nothing to wait for.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from domain.fold import fold
from domain.mapper import EventMapper
from domain.stages import Stage
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case, Contender, Figures, Target
from tests.benchmarks.decorated import load_and_advance
from tests.benchmarks.lives import WORKER, life

LOADS: Final = 5000
DECORATED: Final = "eventsourcing's aggregate"


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """Load one, many times, in one process."""
    times = bench.sized(LOADS, 50)
    ours = Contender("Darkroom", "ours", lambda: _timed(_ours(), times))
    peer = Contender(DECORATED, "peer", lambda: _timed(load_and_advance(), times))
    yield [Case("load 12 events and advance", (ours, peer), (Target(figure="us", over=(DECORATED,), at_most=0.1),))]


def _ours() -> Callable[[], object]:
    mapper = EventMapper()
    stored = [mapper.to_stored_event(event) for event in life()[:-1]]

    def load_and_advance() -> object:
        upload = fold(None, [mapper.to_domain_event(row) for row in stored])
        event = upload and upload.advance(Stage.COMPLETE, 100, attempt=1, by=WORKER)
        return mapper.to_stored_event(event) if event else None

    return load_and_advance


def _timed(work: Callable[[], object], times: int) -> Figures:
    began = time.process_time()
    for _ in range(times):
        work()
    return {"us": (time.process_time() - began) / times * 1e6}
