"""The commands that run the service, whole or a process of it, and that prepare its database.

What they run is imported when they run: `darkroom --help` is answered at once.
"""

import sys
from pathlib import Path
from typing import Final

import rich_click as click

from app.cli.shell.settings import cli_settings, service_settings

DATA_HELP: Final = "The folder of the embedded service. Default: DATA_DIR, or ./darkroom-data."


@click.command()
@click.option("--host", help="The address to listen on. Default: HOST, or 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on. Default: PORT, or 8000.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help=DATA_HELP)
def up(host: str | None, port: int | None, data: Path | None) -> None:
    """Run everything on this machine: PostgreSQL, Valkey, the API, the worker, the projector and the dispatcher.

    Nothing needs to be installed or configured. The data stays in one folder; started again on it, Darkroom goes on
    where it was. Ctrl-C stops it. With DATABASE_URL and REDIS_URL set, those are used instead of embedded ones.

    Example: darkroom up --port 8080 --data ~/darkroom
    """
    from app.embedded.service import run_service

    run_service(cli_settings(for_service=True, host=host, port=port, data_dir=data))


@click.command()
@click.option("--host", help="The address to listen on. Default: HOST, or 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on. Default: PORT, or 8000.")
def serve(host: str | None, port: int | None) -> None:
    """Serve the HTTP API. Run as many as you like, behind a load balancer.

    It needs DATABASE_URL, REDIS_URL and SECRET_KEYS.
    """
    settings = service_settings("serve", host=host, port=port)
    from app.processes import serve as run

    run(settings)


@click.command()
def work() -> None:
    """Run uploads from the queue through the pipeline. Run as many as you like.

    It needs DATABASE_URL, REDIS_URL and SECRET_KEYS, and does WORKER_THREADS runs at a time.
    """
    settings = service_settings("work")
    from app.processes import work as run

    run(settings)


@click.command()
def dispatch() -> None:
    """Send submissions, retries and uploads that stand still to the queue. Run two: where one dies the other goes on.

    It needs DATABASE_URL, REDIS_URL and SECRET_KEYS.
    """
    settings = service_settings("dispatch")
    from app.processes import dispatch as run

    run(settings)


@click.command()
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help=DATA_HELP)
def migrate(data: Path | None) -> None:
    """Bring the database to the structure of this version. Harmless where it has it already.

    Run it before the processes of a new version start. An older `uploads` table keeps its rows.
    """
    settings = service_settings("migrate", data_dir=data, attach=True)
    import psycopg

    from projections.log.schema import migrate as apply

    try:
        left = apply(settings.database_url or "")
    except psycopg.Error as error:
        click.echo(f"The database could not be migrated: {error}", err=True)
        sys.exit(1)
    for sentence in left:
        click.echo(sentence, err=True)
    click.echo("The database has today's structure.")
