"""Opens the log for a command that builds or compares read models."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from app.cli.shell.settings import open_database

if TYPE_CHECKING:
    from projections.log.event_log import EventLog
    from projections.log.pools import Pool

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
    from projections.log.event_log import EventLog

    with open_database(data, "history", CONNECTIONS, STATEMENT_SECONDS) as pool:
        yield EventLog(pool), pool
