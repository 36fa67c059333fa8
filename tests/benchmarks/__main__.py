"""The benchmarks: `python -m tests.benchmarks`. Each brings a function `cases` in a module of its name."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Final

import rich_click as click
from rich.console import Console

from tests.benchmarks import contest
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case
from tests.benchmarks.machine import load, this_machine
from tests.benchmarks.picture import draw
from tests.benchmarks.results import FOLDER, Results, keep, terminal_table, write_readme

NAMES: Final = (
    *("append", "projector", "queue", "pipeline", "load", "poll", "seen"),
    *("bounds", "growth", "search", "export", "seals", "abuse"),
)
"""In the order in which they run."""

Cases = Callable[[Bench], AbstractContextManager[Sequence[Case]]]


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES), metavar="[NAMES]...")
@click.option("--quick", is_flag=True, help="Tiny sizes and one round: whether it runs, not how fast. Nothing is kept.")
@click.option(
    "--uploads",
    type=click.IntRange(min=1_000),
    metavar="N",
    help="How many uploads `search` looks through. Default: 10,000,000, which take 15 GB of the disk for the time of "
    "the run. Fewer are made where less than twice that is free.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    metavar="M",
    help="How long `search` may take: what does not fit is left out, and said. Default: 60.",
)
@click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where to keep the results. Default: tests/benchmarks/results, and then README.md shows them.",
)
def benchmarks(
    *, names: tuple[str, ...], quick: bool, uploads: int | None, minutes: float | None, results: Path | None
) -> None:
    """Measure Darkroom beside its peers and its limits, in turns, on servers started for it.

    Ends with 0 whatever the figures are: a benchmark tells, a test judges. Ends with 1 if an invariant is violated.

    Example: python -m tests.benchmarks append --quick
    """
    folder = results or (None if quick else FOLDER)
    for name in names or NAMES:
        found = measure(name, quick=quick, uploads=uploads, minutes=minutes)
        Console(width=None if Console().is_terminal else 160).print(terminal_table(found))
        for line in (*found.notes, f"verified: {found.verified}"):
            click.echo(line)
        if folder:
            keep(found, folder)
            draw(found, folder)
    if folder == FOLDER:
        write_readme(folder)


def measure(name: str, *, quick: bool, uploads: int | None = None, minutes: float | None = None) -> Results:
    """Run one benchmark and verify what it left."""
    module = import_module(f"tests.benchmarks.{name}")
    cases: Cases = module.cases
    load_before = load()
    with ExitStack() as stack:
        bench = Bench(stack, lambda line: click.echo(line, err=True), quick=quick, uploads=uploads, minutes=minutes)
        with cases(bench) as prepared:
            outcomes = [contest.run(case, bench.rounds, lambda line: click.echo(line, err=True)) for case in prepared]
            verified = bench.verify()
        return Results(
            benchmark=name,
            title=(module.__doc__ or name).partition("\n")[0].rstrip("."),
            at=datetime.now(UTC),
            machine=this_machine(bench.postgres_url, load_before),
            rounds=bench.rounds,
            outcomes=outcomes,
            notes=bench.notes,
            verified=verified,
        )


if __name__ == "__main__":
    benchmarks(prog_name="python -m tests.benchmarks")
