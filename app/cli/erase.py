"""`darkroom erase`: deletes the photo and the pictures of an upload, for good."""

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from uuid import UUID

import rich_click as click

from app.cli.jobs.counted import counted
from app.cli.shell.ending import ExitCode, end
from app.cli.shell.job_ids import JobId, is_whole
from app.cli.shell.settings import attached, cli_settings

DATA_HELP: Final = (
    "The folder of a running `darkroom up`, unless DATABASE_URL and REDIS_URL name another service. "
    "Default: ./darkroom-data."
)
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def _named(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    if not NAME.fullmatch(name):
        raise click.BadParameter(f"{name!r} is no name: 1 to 64 of a-z, 0-9, '.', '_' and '-'.")
    return name


def _reasoned(_context: click.Context, _parameter: click.Parameter, reason: str) -> str:
    from domain.errors import ReasonError
    from domain.staff import checked_reason

    try:
        return checked_reason(reason)
    except ReasonError as error:
        raise click.BadParameter(error.message) from None


def _whole(_context: click.Context, _parameter: click.Parameter, job_id: str) -> UUID:
    if not is_whole(job_id):
        raise click.BadParameter(f"{job_id!r} is the beginning of an id. What cannot be undone takes the whole id.")
    return UUID(job_id)


@click.command()
@click.argument("job_id", type=JobId(), callback=_whole)
@click.option("--by", required=True, callback=_named, metavar="NAME", help="Who does it, for the log.")
@click.option("--reason", required=True, callback=_reasoned, metavar="TEXT", help="Why, for colleagues; kept for ever.")
@click.option("--yes", is_flag=True, help="Do not ask whether that is meant.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help=DATA_HELP)
def erase(*, job_id: UUID, by: str, reason: str, yes: bool, data: Path | None) -> None:
    """Erase the upload JOB_ID: its photo, its pictures and its rows, for good.

    Its events stay, which hold nothing personal; one more says who erased it, and why. Its owner is told that there is
    no such upload. One that still runs is cancelled first. May be run again; ends with 1 when there is no such upload.

    Example: darkroom erase 3f0c6f0e-8d0b-4f5e-9a53-0d6c3f1f4b7a --by erika --reason "The owner asked."
    """
    settings = attached(cli_settings(data_dir=data))
    if not yes:
        click.confirm(f"Erase the photo and the pictures of {job_id}, for good? They cannot be restored.", abort=True)
    from app import bootstrap
    from domain.errors import UnavailableError, UploadNotFoundError
    from domain.staff import StaffRequest

    try:
        with ExitStack() as stack:
            objects = bootstrap.open_erasure(settings, stack)(job_id, by=f"staff:{by}", request=StaffRequest(reason))
    except UploadNotFoundError:
        end(ExitCode.FAILED, f"There is no upload {job_id} in this log.")
    except UnavailableError as error:
        end(ExitCode.USAGE, error.message)
    click.echo(f"{job_id} is erased: {counted(objects, 'objects')} {'is' if objects == 1 else 'are'} gone.")
