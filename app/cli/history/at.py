"""`darkroom history at`: the read model as it stood at a moment, in a schema of its own."""

from datetime import datetime
from pathlib import Path

import rich_click as click

from app.cli.events.scope import Moment
from app.cli.history.opening import data_option, opened


@click.command()
@click.argument("moment", type=Moment(), metavar="TIME|POSITION")
@click.option("--schema", required=True, metavar="NAME", help="The schema that is made for it.")
@data_option
def at(*, moment: int | datetime, schema: str, data: Path | None) -> None:
    """Build the read model as it stood at a position of the log, or after the last event by a time.

    Schema NAME then has tables uploads, results and quarantine, to be queried beside today's. Run again after an
    interruption, it goes on where it was. It stays as it is until `darkroom history drop NAME`.

    Example: darkroom history at 2026-11-27T10:00Z --schema before_the_change
    """
    from projections.history.bar import bar
    from projections.queries.moments import position_at
    from projections.rows.as_it_was import build_as_it_was

    with opened(data) as (event_log, pool):
        position = position_at(event_log, moment)
        with bar("Building", position) as advance:
            build_as_it_was(event_log, pool, schema, position, advance)
    click.echo(f"Schema {schema} holds the read model as it was at position {position}.")
