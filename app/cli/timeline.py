"""`darkroom timeline`: what happened to an upload, straight from the log."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
import rich_click as click

from app.cli.ending import ExitCode, end
from app.cli.settings import attached, cli_settings

if TYPE_CHECKING:
    from projections.log.event_log import LoggedEvent

DATA_HELP: Final = "The data folder of a running `darkroom up`, unless DATABASE_URL is set. Default: ./darkroom-data."


@click.command()
@click.argument("job_id", type=click.UUID)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help=DATA_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, one object an event, facts included.")
def timeline(*, job_id: UUID, data: Path | None, as_json: bool) -> None:
    """Show everything that happened to the upload JOB_ID: when, how long it took, and who caused it.

    It reads the event log itself, not what was made of it. Ends with 0, with 1 when there is no such upload, with 2 on
    wrong usage or when the log cannot be reached.

    Example: darkroom timeline 3f0c6f0e-8d0b-4f5e-9a53-0d6c3f1f4b7a
    """
    history = _history(attached(cli_settings(data_dir=data)).database_url or "", job_id)
    if not history:
        end(ExitCode.FAILED, f"There is no upload {job_id} in this log.")
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([_for_machines(logged) for logged in history])))
    else:
        _show(history)


def _history(url: str, upload_id: UUID) -> "Sequence[LoggedEvent]":
    from domain.errors import UnavailableError
    from projections.log.connections import open_pool
    from projections.log.event_log import EventLog

    pool = open_pool(url, 1, "darkroom timeline")
    try:
        return EventLog(pool).history(upload_id)
    except UnavailableError as error:
        end(ExitCode.USAGE, str(error))
    finally:
        pool.close()


def _show(history: "Sequence[LoggedEvent]") -> None:
    from rich.console import Console
    from rich.table import Table

    began = history[0].recorded_at.astimezone(UTC)
    table = Table(title=f"Upload {history[0].upload_id}, {began:%Y-%m-%d} UTC", title_justify="left")
    for heading in ("#", "time", "elapsed", "event", "stage", "attempt", "code", "actor"):
        table.add_column(heading, justify="right" if heading in {"#", "elapsed", "attempt"} else "left")
    for logged in history:
        table.add_row(*_cells(logged, history[0].recorded_at))
    # A pipe has no width: nothing is cut off or wrapped there.
    console = Console()
    console = console if console.is_terminal else Console(width=200)
    console.print(table, markup=False)
    console.print(_summary(history), markup=False)


def _cells(logged: "LoggedEvent", began: datetime) -> list[str]:
    facts = logged.facts
    stage = f"{facts.get('stage') or ''} {facts['progress']}%" if "progress" in facts else facts.get("stage") or ""
    cells = (
        logged.version,
        _time(logged.recorded_at),
        _elapsed(logged.recorded_at - began),
        logged.name.removeprefix("upload."),
        stage,
        facts.get("attempt", ""),
        facts.get("code", ""),
        facts.get("actor", ""),
    )
    return [str(cell) for cell in cells]


def _summary(history: "Sequence[LoggedEvent]") -> str:
    from eventsourcing.persistence import MapperDeserialisationError

    from domain.fold import fold

    took = _elapsed(history[-1].recorded_at - history[0].recorded_at).removeprefix("+")
    try:
        upload = fold(None, [logged.event for logged in history])
    except (MapperDeserialisationError, ValueError) as error:
        return f"{len(history)} events in {took}; they cannot be folded: {error}"
    return f"{upload.status}: {upload.progress}% after {took}, {len(history)} events" if upload else ""


def _for_machines(logged: "LoggedEvent") -> dict[str, Any]:
    return {
        "position": logged.position,
        "version": logged.version,
        "name": logged.name,
        "recordedAt": logged.recorded_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "facts": logged.facts,
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%H:%M:%S.%f")[:-3]


def _elapsed(time: timedelta) -> str:
    return f"+{time.total_seconds():.3f} s"
