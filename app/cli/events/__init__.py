"""`darkroom events`: the history as files, and what proves it whole. A module for each kind of command."""

import rich_click as click

from app.cli.events.exporting import export
from app.cli.events.importing import import_
from app.cli.events.proving import check, head, proof


@click.group()
def events() -> None:
    """Export and import the history, and prove that nothing was changed in it."""


for command in (export, import_, head, proof, check):
    events.add_command(command)
