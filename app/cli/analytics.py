"""`darkroom analytics`: sends PostHog the history that the live reader did not send."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from app.cli.events.scope import Moment
from app.cli.history.opening import data_option, opened
from app.cli.shell.ending import ExitCode, end
from app.cli.shell.settings import cli_settings

if TYPE_CHECKING:
    from projections.outside.backfill import Sums

RATE: Final = 50.0


@click.group()
def analytics() -> None:
    """Send history to PostHog."""


@analytics.command()
@click.option("--since", type=Moment(), required=True, metavar="TIME|POSITION", help="Events after this moment.")
@click.option(
    "--rate", type=click.FloatRange(0.1, 1000), default=RATE, show_default=True, help="The most captures a second."
)
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--again", is_flag=True, help="Begin anew where a backfill from this moment was sent already.")
@data_option
def backfill(*, since: int | datetime, rate: float, dry_run: bool, again: bool, data: Path | None) -> None:
    """Send the ends of uploads since a moment, with their original times and the ids that the live reader gives them.

    PostHog counts none twice, whatever it was sent before. Run again after an interruption, it goes on where it was. It
    needs POSTHOG_API_KEY; --dry-run does not.

    Example: darkroom analytics backfill --since 2026-11-01 --dry-run
    """
    from projections.history.bar import bar
    from projections.outside.backfill import count, open_backfill, send
    from projections.outside.posthog import AnalyticsUnavailableError, open_posthog
    from projections.queries.moments import position_at

    settings = cli_settings(data_dir=data)
    if not (settings.posthog_api_key or dry_run):
        end(ExitCode.USAGE, "POSTHOG_API_KEY is missing: there is no project to send to. --dry-run needs none.")
    with opened(data) as (event_log, pool):
        begin = position_at(event_log, since)
        if dry_run:
            with bar("Counting", event_log.last_position() - begin) as advance:
                sums = count(event_log, begin, advance)
            click.echo(f"Would send {_told(sums)}.")
            return
        found = open_backfill(event_log, pool, begin, again=again)
        if found.is_complete:
            click.echo(f"All up to position {found.until} was sent already. --again sends it again.")
            return
        sink = open_posthog(settings.posthog_api_key, settings.posthog_host, historical=True)
        try:
            with bar("Sending", found.until - found.since) as advance:
                sums = send(event_log, pool, sink, found, rate=rate, advance=advance)
        except AnalyticsUnavailableError as error:
            end(ExitCode.FAILED, f"{error.message} Run the same command again: it goes on from there.")
        finally:
            sink.close()
    click.echo(f"Sent {_told(sums)}, up to position {found.until}.")


def _told(sums: "Sums") -> str:
    if sums.first is None or sums.last is None:
        return "nothing"
    counts = " and ".join(f"{number:,} {name}" for name, number in sorted(sums.captures.items()))
    return f"{counts}, from {sums.first:%Y-%m-%dT%H:%M:%SZ} to {sums.last:%Y-%m-%dT%H:%M:%SZ}"
