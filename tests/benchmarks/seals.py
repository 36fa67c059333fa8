"""Seals: how far they are behind the log at 1,000 events a second, and what they cost the appends.

The reader that seals is a process of its own, and so are the writers; all read one clock, the machine's monotonic one.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from statistics import quantiles
from typing import Final

from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case, Contender, Figures, Target
from tests.benchmarks.following import WRITERS, SealLag
from tests.benchmarks.writers import Writers

RATE: Final = 1000
SECONDS: Final = 10
ALONE: Final = "without seals"


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """At a rate, and as fast as the writers can."""
    bench.rounds = min(bench.rounds, 3)
    seconds = bench.sized(SECONDS, 1)
    with ExitStack() as stack:
        sealed = stack.enter_context(SealLag(bench.database(), bench.redis_url))
        alone = stack.enter_context(Writers("darkroom", bench.database(), WRITERS, bench.redis_url))
        yield [
            Case(
                f"{RATE:,} events/s",
                (
                    Contender("Darkroom", "ours", partial(sealed.measure, RATE, seconds)),
                    Contender(ALONE, "limit", partial(_appends, alone, seconds, RATE)),
                ),
                (Target(figure="lag p99 ms", at_most=1000),),
            ),
            Case(
                f"{WRITERS} writers, as fast as they can",
                (
                    Contender("Darkroom", "ours", partial(sealed.measure, None, seconds)),
                    Contender(ALONE, "limit", partial(_appends, alone, seconds, None)),
                ),
                (Target(figure="events/s", over=(ALONE,), at_least=0.95),),
            ),
        ]


def _appends(writers: Writers, seconds: float, rate: float | None) -> Figures:
    appended = writers.round(WRITERS, seconds, rate)
    took = [(append.ended - append.began) * 1000 for append in appended]
    return {"append p50 ms": quantiles(took, n=100)[49], "events/s": len(appended) / seconds}
