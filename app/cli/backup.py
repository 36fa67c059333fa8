"""`darkroom backup` and `darkroom restore`: saves the whole service in a folder, and restores it from there."""

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click
from msgspec.structs import replace

from app.cli.jobs.counted import counted
from app.cli.shell.ending import ExitCode, end
from app.cli.shell.settings import attached, cli_settings

if TYPE_CHECKING:
    from app.backup.archive import Archive, Manifest
    from app.settings.environment import Settings

DATA_HELP: Final = (
    "The data folder of `darkroom up`, unless DATABASE_URL names another database and S3_BUCKET another storage. "
    "Default: ./darkroom-data."
)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option("--data", type=FOLDER, metavar="DIR", help=DATA_HELP)
def backup(*, folder: Path, data: Path | None) -> None:
    """Back up the running service into DIR: the database as of one moment, then the objects, then the secret keys.

    The service goes on meanwhile. DIR holds people's photos and keys: it is readable by this account alone, and what
    is erased later stays in it until it is deleted. The queue is not in it; it is made anew from the event log.

    Example: darkroom backup /backups/2026-11-27
    """
    from app.backup.archive import Archive, BackupError
    from app.embedded.errors import EmbeddedError
    from domain.errors import StorageRefusedError, UnavailableError

    settings = attached(cli_settings(data_dir=data))
    try:
        archive = Archive(folder)
        archive.create()
        manifest = _back_up(settings, archive)
    except (BackupError, EmbeddedError, UnavailableError, StorageRefusedError) as error:
        end(ExitCode.FAILED, error.message)
    except OSError as error:
        end(ExitCode.FAILED, _unusable(error, folder))
    click.echo(f"{archive.path} holds {_described(manifest)}, up to position {manifest.position}.")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option("--data", type=FOLDER, metavar="DIR", help=DATA_HELP)
def restore(*, folder: Path, data: Path | None) -> None:
    """Restore the backup in DIR into a new data folder, or into the empty database and storage that the settings name.

    The database is brought to the structure of this version. Nothing may run on the target meanwhile, and nothing is
    overwritten: a target that holds an event log is refused.

    Example: darkroom restore /backups/2026-11-27 --data darkroom-data
    """
    from app.backup.archive import Archive, BackupError
    from app.backup.keys import missing_keys
    from app.embedded.errors import EmbeddedError
    from domain.errors import StorageRefusedError, UnavailableError

    settings = cli_settings(data_dir=data)
    try:
        archive = Archive(folder)
        manifest = archive.manifest()
        archive.check(manifest)
        with ExitStack() as stack:
            _restore(_target(settings, archive, stack), archive, manifest)
        missing = list(missing_keys(archive, settings))
    except (BackupError, EmbeddedError, UnavailableError, StorageRefusedError) as error:
        end(ExitCode.FAILED, error.message)
    except OSError as error:
        end(ExitCode.FAILED, _unusable(error, folder))
    click.echo(f"Restored {_described(manifest)}, up to position {manifest.position}.")
    for sentence in missing:
        click.echo(sentence, err=True)
    if settings.embedded:
        click.echo(f"Start it: darkroom up --data {settings.data_dir}")
        click.echo(f"Then check it: darkroom verify --data {settings.data_dir}")


def _unusable(error: OSError, folder: Path) -> str:
    return f"{error.filename or folder} cannot be used: {error.strerror}. Use another folder, or make room in it."


def _back_up(settings: "Settings", archive: "Archive") -> "Manifest":
    from app.backup import database
    from app.backup.archive import Manifest
    from app.storage import open_store

    store = open_store(settings, lambda key, _: key)
    with database.snapshot(settings.database_url or "") as moment:
        database.dump(settings.database_url or "", moment, archive.dump)
    keys = list(store.keys(""))
    sizes = _shown("Copying objects", archive.take(store, keys), len(keys))
    made_here = settings.data_dir / "secret-keys"
    if not settings.secret_keys and made_here.exists():
        archive.keep_secret_keys(made_here.read_text().strip())
    if not settings.head_key and (signs := settings.data_dir / "head-key").exists():
        archive.keep_head_key(signs.read_text().strip())
    manifest = Manifest(
        version("darkroom"), datetime.now(UTC), moment.position, moment.uploads, moment.events, len(sizes), sum(sizes)
    )
    archive.complete(manifest)
    return manifest


def _target(settings: "Settings", archive: "Archive", stack: ExitStack) -> "Settings":
    """The settings of the target: a new embedded PostgreSQL runs for as long as the stack lasts."""
    if not settings.embedded:
        return settings
    from app.backup.archive import BackupError, write_private
    from app.embedded.data_folder import DataFolder
    from app.embedded.postgres import EmbeddedPostgres

    for used in ("postgres", "objects", "secret-keys", "head-key"):
        if (settings.data_dir / used).exists():
            target = settings.data_dir.absolute()
            raise BackupError(f"{target} is in use: it has {used}. Name a new folder with --data.")
    folder = stack.enter_context(DataFolder(settings.data_dir))
    if archive.secret_keys.exists():
        write_private(folder.path / "secret-keys", archive.secret_keys.read_text().strip())
    if archive.head_key.exists():
        write_private(folder.path / "head-key", archive.head_key.read_text().strip())
    postgres = stack.enter_context(EmbeddedPostgres(folder.path))
    return replace(settings, database_url=postgres.url)


def _restore(target: "Settings", archive: "Archive", manifest: "Manifest") -> None:
    from app.backup import database
    from app.storage import open_store
    from projections.log.schema import migrate

    database.restore(target.database_url or "", archive.dump)
    migrate(target.database_url or "")
    _shown("Copying objects", archive.give(open_store(target, lambda key, _: key)), manifest.objects)


def _shown(what: str, sizes: Iterable[int], total: int) -> list[int]:
    """The sizes, with a bar on stderr while they come."""
    from rich.console import Console
    from rich.progress import track

    return list(track(sizes, what, total=total, console=Console(stderr=True), transient=True))


def _described(manifest: "Manifest") -> str:
    return (
        f"{counted(manifest.uploads, 'uploads')}, {counted(manifest.events, 'events')} and "
        f"{counted(manifest.objects, 'objects')}"
        f" ({manifest.bytes / 2**20:,.1f} MiB)"
    )
