"""`darkroom events import`: exported files into an empty database, which then has the same log."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import rich_click as click

from app.cli.jobs.counted import counted
from app.cli.shell.ending import ExitCode, end
from app.cli.shell.settings import attached, cli_settings

DATA_HELP: Final = "The data folder of a running `darkroom up`, unless DATABASE_URL is set. Default: ./darkroom-data."


@click.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE...",
)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help=DATA_HELP)
def import_(*, files: tuple[Path, ...], data: Path | None) -> None:
    """Make an empty database hold the log of the exported FILEs, or of a lake: the same positions, times and facts.

    All or nothing. A file that is not the one of its manifest is refused. The projector builds the rows; the dispatcher
    and PostHog are not given the imported events.

    Example: darkroom events import events.ndjson --data staging
    """
    import psycopg

    from domain.errors import UnavailableError
    from projections.history.bar import bar
    from projections.history.importing import import_files, source_of
    from projections.history.lake.reading import sources_of
    from projections.history.manifest import ExportError
    from projections.outside import analytics
    from workers.queue import dispatcher

    settings = attached(cli_settings(data_dir=data))
    done = 0
    try:
        with bar("Importing", sum(file.stat().st_size for file in _files(files))) as advance:

            def seen(size: int) -> None:
                nonlocal done
                done += size
                advance(done)

            readers = (dispatcher.READER, analytics.READER)
            found = [source for file in files for source in (sources_of(file) if file.is_dir() else [source_of(file)])]
            imported = import_files(settings.database_url or "", found, readers, seen)
    except ExportError as error:
        end(ExitCode.FAILED, error.message)
    except (UnavailableError, psycopg.Error, OSError) as error:
        end(ExitCode.FAILED, f"Nothing was imported: {error}".strip())
    click.echo(f"Imported {counted(imported.count, 'events')}, up to position {imported.last}.")


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
