"""`darkroom project`: keeps the read model current, rebuilds it, compares it with the log, swaps the old one in."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from app.cli.jobs.counted import counted
from app.cli.shell.ending import ExitCode
from app.cli.shell.settings import service_settings

if TYPE_CHECKING:
    from app.settings.environment import Settings
    from projections.log.event_log import EventLog
    from projections.log.pools import Pool
    from projections.rows.builder import Advance
    from projections.rows.projector import Changed
    from projections.rows.rebuilding import Rebuilt

DATA_HELP: Final = "The folder of the embedded service. Default: DATA_DIR, or ./darkroom-data."
STATEMENT_SECONDS: Final = 600.0
"""Building an index or the statistics of millions of rows is one statement. Only the operator waits for it."""
CONNECTIONS: Final = 4
"""The builder's, the two that read the log, and one that compares."""
Rebuild = Callable[["EventLog", "Pool", "Changed", "Advance"], "Rebuilt"]


@click.command()
@click.option("--rebuild", is_flag=True, help="Build a new read model from the log, swap it in, and end.")
@click.option("--back", is_flag=True, help="Swap the live read model and the one that is kept, and end.")
@click.option("--forget", is_flag=True, help="Drop the read model that is kept beside the live one, and end.")
@click.option("--check", is_flag=True, help="Compare the read model with the log, and end: with 1 if they differ.")
@click.option(
    "--retry-quarantined",
    is_flag=True,
    help="Apply again what could not be applied, once the code was mended, and end: with 1 if some still cannot be.",
)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help=DATA_HELP)
def project(*, data: Path | None, **chosen: bool) -> None:
    """Keep the read model current with the event log. Run two: where one dies the other goes on.

    All options may be used while the service runs. A rebuild takes no lock until it swaps the new read model in, which
    takes milliseconds; a killed one goes on when it is run again. --check takes no lock and writes nothing: run with a
    new version of Darkroom, it says what that version would change.

    Example: darkroom project --rebuild --data darkroom-data
    """
    names = [name for name, given in chosen.items() if given]
    if len(names) > 1:
        options = " and ".join(f"--{name.replace('_', '-')}" for name in names)
        raise click.UsageError(f"{options} exclude each other: give one of them.")
    settings = service_settings("project", data_dir=data, attach=bool(names))
    if not names:
        from app.processes import project as run

        run(settings)
        return
    COMMANDS[names[0]](settings)


def _rebuild(settings: "Settings") -> None:
    from projections.rows.rebuilding import rebuild

    rebuilt = _swapped(settings, rebuild)
    click.echo(f"Rebuilt the read model from the log, up to position {rebuilt.position}.")
    for difference in rebuilt.shown:
        click.echo(f"{difference}")
    click.echo(f"The old rows of {counted(rebuilt.differences, 'uploads')} were not what the log says.")
    click.echo(f"The old read model is kept in schema {rebuilt.kept}: --back swaps it in again, --forget drops it.")


def _back(settings: "Settings") -> None:
    from projections.rows.models import NEW, OLD
    from projections.rows.rebuilding import back

    done = _swapped(settings, back)
    live = OLD if done.which == NEW else NEW
    click.echo(f"The read model {live} is live, at position {done.position}.")
    click.echo(f"The one {done.which} is kept in schema {done.kept}: --back swaps it in again.")


def _forget(settings: "Settings") -> None:
    from projections.rows.rebuilding import forget

    with _opened(settings) as (_, pool):
        gone = forget(pool)
    click.echo(f"The read model {gone} is gone." if gone else "No read model is kept.")


def _check(settings: "Settings") -> None:
    from projections.history.bar import bar
    from projections.rows.comparison import compare, count_rows, upload_ids

    checked = differing = 0
    with _opened(settings) as (event_log, pool), bar("Comparing", count_rows(pool)) as advance:
        for differences in compare(pool, upload_ids(event_log, pool)):
            checked, differing = checked + 1, differing + bool(differences)
            for difference in differences:
                click.echo(f"{difference}")
            advance(checked)
    have = "has" if differing == 1 else "have"
    click.echo(
        f"{differing} of {counted(checked, 'uploads')} {have} rows that this version would not make from the log."
    )
    if differing:
        sys.exit(ExitCode.FAILED)


def _retry_quarantined(settings: "Settings") -> None:
    from projections.rows.quarantine import retry_quarantined
    from projections.statistics.registered import PROJECTIONS

    with _opened(settings) as (_, pool):
        released, still = retry_quarantined(pool)
        others = [(projection.reader, *projection.retry(pool)) for projection in PROJECTIONS]
    for quarantined in still:
        click.echo(f"{quarantined.upload_id}: position {quarantined.position}: {quarantined.error}")
    click.echo(f"Applied {counted(released, 'uploads')} again; {_stay(len(still))} in quarantine.")
    for reader, again, left in others:
        if again or left:
            click.echo(f"{reader}: applied {counted(again, 'uploads')} again; {_stay(left)} out of it.")
    if still or any(left for *_, left in others):
        sys.exit(ExitCode.FAILED)


COMMANDS: Final = {
    "rebuild": _rebuild,
    "back": _back,
    "forget": _forget,
    "check": _check,
    "retry_quarantined": _retry_quarantined,
}


def _swapped(settings: "Settings", swap: Rebuild) -> "Rebuilt":
    """Rebuild, or put the old one back, with a bar; the API is told which rows changed."""
    from app.bootstrap import open_redis
    from projections.history.bar import bar
    from projections.log.notifications import PROJECTED, RedisNotifier

    with ExitStack() as stack:
        event_log, pool = stack.enter_context(_opened(settings))
        notifier = RedisNotifier(open_redis(settings, stack), PROJECTED)
        stack.callback(notifier.close)
        advance = stack.enter_context(bar("Building", event_log.last_position()))
        return swap(event_log, pool, notifier.notify, advance)


@contextmanager
def _opened(settings: "Settings") -> "Iterator[tuple[EventLog, Pool]]":
    from projections.log.event_log import EventLog
    from projections.log.pools import open_pool

    with open_pool(settings.database_url or "", CONNECTIONS, "darkroom rebuild", STATEMENT_SECONDS) as pool:
        yield EventLog(pool), pool


def _stay(number: int) -> str:
    return f"{number} {'stays' if number == 1 else 'stay'}"
