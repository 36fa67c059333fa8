"""The command line: one group, a module for each command or kind of command."""

import sys
from typing import Any, Final

import rich_click as click

from app.cli import processes
from app.cli.analytics import analytics
from app.cli.backup import backup, restore
from app.cli.erase import erase
from app.cli.events import events
from app.cli.history import history
from app.cli.owner_commands import cancel, retry
from app.cli.project import project
from app.cli.result import result
from app.cli.session import session
from app.cli.shell.ending import ExitCode, end
from app.cli.shell.settings import open_database
from app.cli.staff.audit import audit
from app.cli.staff.members import staff
from app.cli.status import status
from app.cli.submit import submit
from app.cli.timeline import timeline
from app.cli.verify import verify
from domain.errors import DarkroomError

NOT_MIGRATED: Final = "This database is not Darkroom's, or an older one. Run `darkroom migrate` first."


class _Commands(click.RichGroup):
    """The commands. Each may meet a database without Darkroom's tables."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - what the command gives
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            # Imported by a command that asks a database, and too slow to be imported for the others.
            psycopg = sys.modules.get("psycopg")
            if psycopg and isinstance(error, (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)):
                end(ExitCode.USAGE, NOT_MIGRATED)
            raise


@click.group(cls=_Commands, context_settings={"obj": open_database})
@click.command_panel("Use it", commands=["up", "submit", "status", "result", "cancel", "retry"])
@click.command_panel("Look after it", commands=["timeline", "verify", "erase", "session", "backup", "restore"])
@click.command_panel("Manage who helps", commands=["staff", "audit"])
@click.command_panel("Analyse it", commands=["events", "history", "analytics"])
@click.command_panel("Run it on many machines", commands=["migrate", "serve", "work", "project", "dispatch"])
@click.version_option(package_name="darkroom")
def darkroom() -> None:
    """Turn a photo into a darkroom print, and see every step of it.

    Start with `darkroom up`, then `darkroom submit photo.jpg` in another terminal.
    """


for command in (
    processes.up,
    submit,
    status,
    result,
    cancel,
    retry,
    timeline,
    verify,
    erase,
    session,
    backup,
    restore,
    staff,
    audit,
    events,
    history,
    analytics,
    processes.serve,
    processes.work,
    project,
    processes.dispatch,
    processes.migrate,
):
    darkroom.add_command(command)


def main() -> None:
    """Run the command. An error of ours is one sentence on stderr and exit code 1."""
    try:
        darkroom()
    except DarkroomError as error:
        click.echo(error.message, err=True)
        sys.exit(1)
