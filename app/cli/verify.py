"""`darkroom verify`: whether the log, the tables and the object storage agree."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import rich_click as click

from app.cli.jobs.counted import counted
from app.cli.jobs.printable import printable
from app.cli.shell.ending import ExitCode, end
from app.cli.shell.settings import attached, cli_settings

if TYPE_CHECKING:
    from projections.audit.verification import Verification

DATA_HELP: Final = (
    "The folder of a running `darkroom up`; its database is checked unless DATABASE_URL names another, its objects "
    "unless S3_BUCKET does. Default: ./darkroom-data."
)


@click.command()
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help=DATA_HELP)
@click.option(
    "--head",
    type=click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Check instead that the log still contains all that this head of `darkroom events head --json` covers.",
)
def verify(*, data: Path | None, head: Path | None) -> None:
    """Check that the event log, the tables and the object storage agree, and that no upload stands still.

    It looks only, and may be run beside a live service: for 120 s a row may lag behind the log, an upload may stand
    still and an object may outlive its erasure; for longer while a projector or a queue on its way to them moves.
    Each violation is one line on stdout: the invariant, the upload, what is wrong.

    Ends with 0 when everything holds, 1 when something is violated, 2 when it could not be checked to the end.

    With --head, each page of the log that was changed is one line: the bounds of its seal, what is wrong.

    Example: darkroom verify --data darkroom-data
    """
    if head:
        _check_head(head, data)
        return
    began = time.monotonic()
    with _verification(data) as verification:
        violations = _check(verification)
    if strays := verification.strays:
        belong = "belongs" if len(strays) == 1 else "belong"
        click.echo(f"note: {counted(len(strays), 'folders of objects')} {belong} to no upload; {strays[0]} is in one.")
    seen = ", ".join(counted(count, what) for what, count in verification.checked.items())
    click.echo(f"{counted(violations, 'violations')}. Checked {seen} in {time.monotonic() - began:.1f} s.")
    if violations:
        sys.exit(ExitCode.FAILED)


def _check_head(file: Path, data: Path | None) -> None:
    import psycopg

    from domain.errors import UnavailableError
    from projections.history.heads import HeadCheck, HeadError, read_head
    from projections.log.pools import open_pool

    settings = attached(cli_settings(data_dir=data))
    try:
        with click.open_file(str(file), "rb") as opened:
            head = read_head(opened.read())
        with open_pool(settings.database_url or "", 1, "darkroom verify") as pool:
            check = HeadCheck(pool, head)
            differences = 0
            for difference in check.differences():
                differences += 1
                click.echo(difference)
    except HeadError as error:
        end(ExitCode.USAGE, error.message)
    except psycopg.errors.UndefinedTable:
        raise  # app/cli/__init__.py says what to do
    except (UnavailableError, psycopg.Error) as error:
        end(ExitCode.USAGE, f"Not checked to the end: {error}")
    if differences:
        sys.exit(ExitCode.FAILED)
    events = counted(check.events, "events")
    click.echo(f"The log contains all {events} that the head of position {head.position} covers.")


@contextmanager
def _verification(data: Path | None) -> Iterator["Verification"]:
    from app.storage import open_store
    from projections.audit.movement import none_behind
    from projections.audit.verification import Verification
    from projections.log.pools import open_pool
    from projections.log.redis_connection import open_redis
    from workers.queue.lanes import standing_behind

    settings = attached(cli_settings(data_dir=data))
    with ExitStack() as stack:
        pool = stack.enter_context(open_pool(settings.database_url or "", 1, "darkroom verify"))
        behind = partial(standing_behind, open_redis(settings.redis_url, stack)) if settings.redis_url else none_behind
        yield Verification(pool, open_store(settings, _no_links), behind)


def _check(verification: "Verification") -> int:
    import psycopg

    from domain.errors import DarkroomError

    violations = 0
    try:
        for violation in verification.violations():
            violations += 1
            click.echo(printable(violation))
        verification.look_for_strays()
    except psycopg.errors.UndefinedTable:
        raise
    except (DarkroomError, psycopg.Error) as error:
        end(ExitCode.USAGE, f"Not checked to the end, after {counted(violations, 'violations')}: {error}")
    return violations


def _no_links(key: str, _: timedelta) -> NoReturn:
    raise AssertionError(f"No link to {key} is given here.")
