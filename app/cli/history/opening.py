"""Opens the log for a command that builds or compares read models."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from app.cli.shell.ending import ExitCode, end
from app.cli.shell.settings import attached, cli_settings

if TYPE_CHECKING:
    from projections.log.connections import Pool
    from projections.log.event_log import EventLog

STATEMENT_SECONDS: Final = 600.0
"""The statistics of millions of rows are one statement. Only the analyst waits for it."""
CONNECTIONS: Final = 4

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The data folder of a running `darkroom up`, unless DATABASE_URL is set. Default: ./darkroom-data.",
)


@contextmanager
def opened(data: Path | None) -> "Iterator[tuple[EventLog, Pool]]":
    """The log and a pool. What cannot be done with them ends the command with a sentence."""
    import psycopg

    from domain.errors import DarkroomError, UnavailableError
    from projections.log.connections import open_pool
    from projections.log.event_log import EventLog

    settings = attached(cli_settings(data_dir=data))
    try:
        with open_pool(settings.database_url or "", CONNECTIONS, "darkroom history", STATEMENT_SECONDS) as pool:
            yield EventLog(pool), pool
    except psycopg.errors.UndefinedTable:
        end(ExitCode.USAGE, "This database is not Darkroom's, or an older one. Run `darkroom migrate` first.")
    except UnavailableError as error:
        end(ExitCode.USAGE, error.message)
    except DarkroomError as error:
        end(ExitCode.FAILED, error.message)
