"""Append: one event a transaction, by 1 to 16 writers, on this disk and on one whose flush is slow.

The writers are threads with a connection each, eight to a process, as workers have. The peer is the library's own
recorder for applications, the one that keeps an order; the limit is pgbench, which takes no lock. The slow flush is a
library that PostgreSQL is started with: fdatasync, which is how it makes its write-ahead log safe, sleeps before it
does what it does. So commits that wait together still share one flush.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from statistics import quantiles
from typing import Final

from projections.log.schema import migrate
from tests.benchmarks import library, pgbench
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case, Contender, Figures, Target
from tests.benchmarks.slow_flush import FLUSH_MS, slow_postgres
from tests.benchmarks.writers import Writers
from tests.servers import open_folder

WRITERS: Final = (1, 4, 8, 16)
LIBRARY: Final = "eventsourcing's recorder"
PGBENCH: Final = "pgbench"
FIGURE: Final = "events/s"


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """Every number of writers on either disk."""
    with ExitStack() as stack:
        found = _cases(bench, stack, "this disk", bench.postgres_url, times=4)
        if slow_url := slow_postgres(bench, stack):
            found += _cases(bench, stack, f"flush of {FLUSH_MS} ms", slow_url, times=8)
        yield found


def _cases(bench: Bench, stack: ExitStack, disk: str, server_url: str, *, times: float) -> list[Case]:
    counts = WRITERS[: bench.sized(len(WRITERS), 2)]
    seconds = bench.sized(20, 5) / 10
    theirs = bench.database(server_url, ours=False)
    library.create_tables(theirs)
    ours = stack.enter_context(Writers("darkroom", bench.database(server_url), counts[-1]))
    peer = stack.enter_context(Writers("library", theirs, counts[-1]))
    bare = bench.database(server_url, ours=False)
    migrate(bare)
    script = pgbench.write_script(stack.enter_context(open_folder()))

    def case(count: int) -> Case:
        contenders = [
            Contender("Darkroom", "ours", partial(_throughput, ours, count, seconds)),
            Contender(LIBRARY, "peer", partial(_throughput, peer, count, seconds)),
        ]
        if pgbench.PROGRAM:
            limit = partial(pgbench.insert, bare, script, count, seconds)
            contenders.append(Contender(PGBENCH, "limit", limit))
        return Case(f"{count} writers, {disk}", tuple(contenders), _targets(times) if count == WRITERS[-1] else ())

    if not pgbench.PROGRAM:
        bench.note("The limit is left out: there is no pgbench here.")
    return [case(count) for count in counts]


def _throughput(writers: Writers, count: int, seconds: float) -> Figures:
    appended = writers.round(count, seconds)
    took = [append.ended - append.began for append in appended]
    return {FIGURE: len(appended) / seconds, "p99 ms": quantiles(took, n=100)[-1] * 1000}


def _targets(times: float) -> tuple[Target, ...]:
    return (
        Target(figure=FIGURE, over=(LIBRARY,), at_least=times),
        Target(figure=FIGURE, over=(PGBENCH,), at_least=0.5),
    )
