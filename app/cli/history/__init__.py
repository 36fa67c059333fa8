"""`darkroom history`: the read model as it was, and what changed between two moments. A module for each command."""

import rich_click as click

from app.cli.history.at import at
from app.cli.history.diff import diff
from app.cli.history.schemas import drop, list_


@click.group()
def history() -> None:
    """Query the read model as it was at any moment, and see what changed between two."""


for command in (at, diff, list_, drop):
    history.add_command(command)
