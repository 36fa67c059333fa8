"""The settings of a command: the environment, its own options on top, and the running service that it attaches to.

Every mistake ends the command with exit code 2, each in one sentence.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click
from msgspec.structs import replace

from app.cli.shell.ending import ExitCode, end
from app.settings.environment import Settings, SettingsError

if TYPE_CHECKING:
    from projections.log.pools import Pool


class WrongSettingsError(click.ClickException):
    """A command cannot run with these settings."""

    exit_code = 2


def cli_settings(*, for_service: bool = False, bucket: str | None = None, **options: Any) -> Settings:  # noqa: ANN401 - values of any field
    """The settings from the environment, with the options that were given on top.

    A command that names a `bucket` itself needs no S3_BUCKET to reach it.
    """
    try:
        settings = Settings.from_env(for_service=for_service, bucket=bucket)
    except SettingsError as error:
        raise WrongSettingsError(error.message) from error
    return replace(settings, **{name: value for name, value in options.items() if value is not None})


def service_settings(command: str, *, attach: bool = False, data_dir: Path | None = None, **options: Any) -> Settings:  # noqa: ANN401 - values of any field
    """The settings of a process of the service, its logs set up.

    Without DATABASE_URL and REDIS_URL a command may `attach` to the embedded service that runs on the data folder.
    """
    settings = cli_settings(for_service=not attach, data_dir=data_dir, **options)
    if attach:
        settings = attached(settings)
    elif settings.embedded:
        raise WrongSettingsError(
            f"DATABASE_URL and REDIS_URL are missing: `darkroom {command}` needs both. "
            "`darkroom up` needs neither: it runs everything by itself."
        )
    from app.logs import configure_logs

    configure_logs(settings.log_format, settings.log_level)
    return settings


def attached(settings: Settings) -> Settings:
    """The settings of the embedded service that runs on the data folder, unless the environment names another one."""
    if not settings.embedded:
        return settings
    from app.embedded.data_folder import running_service
    from app.embedded.errors import NotRunningError

    try:
        service = running_service(settings.data_dir)
    except NotRunningError as error:
        raise WrongSettingsError(f"{error.message}. Or set DATABASE_URL to look elsewhere.") from error
    return replace(settings, database_url=service.database_url, redis_url=service.redis_url)


@contextmanager
def open_database(
    data_dir: Path | None, command: str, connections: int = 1, statement_seconds: float | None = None
) -> "Iterator[Pool]":
    """Connections to the database, for one command. What cannot be done with them ends the command with a sentence."""
    from domain.errors import DarkroomError, UnavailableError
    from projections.log.connections import STATEMENT_SECONDS
    from projections.log.pools import open_pool

    settings, seconds = attached(cli_settings(data_dir=data_dir)), statement_seconds or STATEMENT_SECONDS
    try:
        with open_pool(settings.database_url or "", connections, f"darkroom {command}", seconds) as pool:
            yield pool
    except UnavailableError as error:
        end(ExitCode.USAGE, error.message)
    except DarkroomError as error:
        end(ExitCode.FAILED, error.message)
