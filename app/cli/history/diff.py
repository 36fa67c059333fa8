"""`darkroom history diff`: what changed between two moments, upload by upload and in sums."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import rich_click as click

from app.cli.events.scope import Moment
from app.cli.history.opening import data_option, opened
from app.cli.jobs.counted import counted

if TYPE_CHECKING:
    from projections.queries.changes import Sums


@click.command()
@click.argument("begin", type=Moment(), metavar="A")
@click.argument("end", type=Moment(), metavar="B")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each upload, and one for the sums.")
@data_option
def diff(*, begin: int | datetime, end: int | datetime, as_json: bool, data: Path | None) -> None:
    """Show what changed from moment A to moment B, each a time or a position of the log.

    A line for each upload that changed, then the sums: from which status to which, how uploads failed, which events.

    Example: darkroom history diff 2026-11-27T10:00Z 2026-11-27T11:00Z
    """
    from projections.queries.changes import Sums, changes
    from projections.queries.moments import position_at

    with opened(data) as (event_log, _):
        first, last = position_at(event_log, begin), position_at(event_log, end)
        if first > last or (isinstance(begin, datetime) and isinstance(end, datetime) and begin > end):
            a, b = _told(begin, first), _told(end, last)
            raise click.UsageError(f"A, {a}, is after B, {b}. Give the earlier moment first.")
        sums = Sums()
        for change in changes(event_log, first, last, sums):
            click.echo(msgspec.json.encode(change) if as_json else f"{change}")
    if as_json:
        click.echo(msgspec.json.encode(sums))
        return
    _show(sums, first, last)


def _told(moment: int | datetime, position: int) -> str:
    return f"{moment} at position {position}" if isinstance(moment, datetime) else f"position {position}"


def _show(sums: "Sums", first: int, last: int) -> None:
    click.echo(f"{counted(sums.uploads, 'uploads')} changed from position {first} to {last}.")
    for title, counts in (("Uploads", sums.moves), ("Failures", sums.failures), ("Events", sums.events)):
        _list(title, counts)


def _list(title: str, counts: Mapping[str, int]) -> None:
    if counts:
        click.echo(f"{title}:")
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        click.echo(f"  {count:>9,}  {name}")
