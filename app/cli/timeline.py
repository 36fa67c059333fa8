"""`darkroom timeline`: what happened to an upload, straight from the log."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, Final

import msgspec
import rich_click as click

from app.cli.jobs.counted import counted
from app.cli.jobs.printable import printable
from app.cli.shell.ending import ExitCode, end
from app.cli.shell.job_ids import job_argument, upload_in
from app.cli.shell.settings import attached, cli_settings

if TYPE_CHECKING:
    from projections.log.event_log import LoggedEvent
    from projections.queries.history import UploadHistory

DATA_HELP: Final = "The data folder of a running `darkroom up`, unless DATABASE_URL is set. Default: ./darkroom-data."

PIPE_COLUMNS: Final = 200


@click.command()
@job_argument
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help=DATA_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, one object an event, facts included.")
def timeline(*, job_id: str, data: Path | None, as_json: bool) -> None:
    """Show everything that happened to the upload JOB_ID: when, how long it took, and who caused it.

    Below the events, its time is drawn as bars on one axis, and what staff wrote is told. It reads the event log
    itself, not what was made of it. The beginning of an id is enough where one upload of the log has it. Ends with 0,
    with 1 when there is no such upload, with 2 on wrong usage or when the log cannot be reached.

    Example: darkroom timeline 3f0c6f0e
    """
    history = _history(attached(cli_settings(data_dir=data)).database_url or "", job_id)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([_for_machines(logged) for logged in history.events])))
    else:
        _show(history)


def _history(url: str, job_id: str) -> "UploadHistory":
    from domain.errors import UnavailableError
    from projections.log.event_log import EventLog
    from projections.log.pools import open_pool
    from projections.queries.history import read_history

    pool = open_pool(url, 1, "darkroom timeline")
    try:
        return read_history(pool, upload_in(EventLog(pool), job_id))
    except UnavailableError as error:
        end(ExitCode.USAGE, str(error))
    finally:
        pool.close()


def _show(history: "UploadHistory") -> None:
    from rich.console import Console

    from app.cli.jobs.bars import bars
    from app.cli.jobs.history import history_table
    from projections.queries.timeline import spans

    # A pipe has no width, unless COLUMNS says one: nothing is cut off or wrapped there.
    # `staff:rose:` is a person, and no picture of a rose.
    console = Console(width=get_terminal_size((PIPE_COLUMNS, 1)).columns, emoji=False)
    console.print(history_table(history.events, console), markup=False)
    console.print(_summary(history.events), markup=False)
    parts = spans(history.events, history.now, history.held_until)
    for line in (*bars(parts, console.width), *_words(history.events)):
        console.print(line, markup=False, soft_wrap=True)


def _summary(history: "Sequence[LoggedEvent]") -> str:
    from eventsourcing.persistence import MapperDeserialisationError

    from app.cli.jobs.history import elapsed
    from domain.fold import fold

    took = elapsed(history[-1].recorded_at - history[0].recorded_at)
    try:
        upload = fold(None, [logged.event for logged in history])
    except (MapperDeserialisationError, ValueError) as error:
        return printable(f"{counted(len(history), 'events')} in {took}; they cannot be folded: {error}")
    return f"{upload.status}: {upload.progress}% after {took}, {counted(len(history), 'events')}" if upload else ""


def _words(history: "Sequence[LoggedEvent]") -> list[str]:
    """What staff wrote: the reasons of their actions, and their notes."""
    return [
        printable(f"{logged.version} {logged.name.removeprefix('upload.')}, {logged.facts.get('actor')}: {words}")
        for logged in history
        if (words := logged.facts.get("reason") or logged.facts.get("note"))
    ]


def _for_machines(logged: "LoggedEvent") -> dict[str, Any]:
    return {
        "position": logged.position,
        "version": logged.version,
        "name": logged.name,
        "recordedAt": logged.recorded_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "facts": logged.facts,
    }
