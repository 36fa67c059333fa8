"""`darkroom events export`: the history into a file, with a manifest beside it."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import rich_click as click

from app.cli.events.lake import append_to_lake, bucket_of, is_lake, store_of
from app.cli.events.scope import Moment, scope_of
from app.cli.jobs.counted import counted
from app.cli.shell.ending import ExitCode, end
from app.cli.shell.settings import attached, cli_settings

if TYPE_CHECKING:
    from projections.history.export import Block
    from projections.history.files import ExportFile
    from projections.history.form import Scope
    from projections.history.manifest import Manifest, SealedUpTo
    from projections.history.parquet import ParquetFile

DATA_HELP: Final = "The data folder of a running `darkroom up`, unless DATABASE_URL is set. Default: ./darkroom-data."
STDOUT: Final = "-"
Read = Callable[[int, int], "Iterator[Block]"]
"""Reads the events after one position and up to another."""
FOLLOW_SECONDS: Final = 0.5


@click.command()
@click.option(
    "--format",
    "format_",
    type=click.Choice(["ndjson", "csv", "parquet"]),
    help="Default: ndjson, a line of JSON for each event. Parquet, which a lake is of, needs `darkroom[analysts]`.",
)
@click.option(
    "--out",
    required=True,
    metavar="FILE|DIR/|s3://BUCKET/PREFIX",
    help="Where to; - for stdout, which gets no manifest. A folder and a bucket get a lake: Parquet files by day.",
)
@click.option("--since", type=Moment(), metavar="POSITION|TIME", help="The first position, or the earliest time.")
@click.option("--until", type=Moment(), metavar="POSITION|TIME", help="The last position, or the time before which.")
@click.option("--name", "names", multiple=True, metavar="EVENT", help="Only events of this name; may be repeated.")
@click.option("--resume", is_flag=True, help="Continue FILE, also after a cut-off export. A lake always goes on.")
@click.option("--follow", is_flag=True, help="Go on with new events until Ctrl-C; needs --out -.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help=DATA_HELP)
def export(
    *,
    format_: str | None,
    out: str,
    since: int | datetime | None,
    until: int | datetime | None,
    names: tuple[str, ...],
    resume: bool,
    follow: bool,
    data: Path | None,
) -> None:
    """Export the events of the log into FILE, in their order, complete up to a position that is said.

    It may run beside a live service. FILE appears when it is whole, with FILE.manifest.json beside it: the first and
    the last position, how many events, and the SHA-256. What is cut off is continued with --resume. A lake has its
    manifest in _manifest.json, and every export appends what came since.

    Example: darkroom events export --out events.ndjson --data darkroom-data
    """
    from domain.errors import StorageRefusedError, UnavailableError
    from projections.history.export import ReplicaError, connect
    from projections.history.manifest import ExportError

    to_lake = is_lake(out)
    format_ = format_ or ("parquet" if to_lake else "ndjson")
    if to_lake and format_ != "parquet":
        raise click.UsageError(f"{out} is a lake, which is Parquet: leave out --format, or name a FILE.")
    if follow and (out != STDOUT or format_ == "parquet"):
        raise click.UsageError("--follow writes lines to stdout: add --out -, and not --format parquet.")
    if out == STDOUT and (format_ == "parquet" or resume):
        raise click.UsageError("stdout takes lines from the beginning: name a file for Parquet and for --resume.")
    scope = scope_of(since, until, names)
    settings = attached(cli_settings(data_dir=data, bucket=bucket_of(out)))
    lake = store_of(out, settings) if to_lake else None
    try:
        if out != STDOUT:
            _seal(settings.database_url or "")
        url = settings.database_url or ""
        with connect(url) as connection, connect(url) as beside:
            read = partial(_blocks, (connection, beside), format_, scope)
            if lake:
                seal_up_to = partial(_sealed_up_to, connection)
                manifest = append_to_lake(connection, lake, scope, _end(connection, scope), seal_up_to)
                click.echo(_told(out, manifest))
            elif out == STDOUT:
                _to_stdout(connection, read, format_, scope, follow=follow)
            else:
                manifest = _to_file(connection, read, _file(Path(out), format_, scope), scope, resume=resume)
                click.echo(_told(out, manifest))
    except (ExportError, ReplicaError, StorageRefusedError) as error:
        end(ExitCode.USAGE, error.message)
    except UnavailableError as error:
        end(ExitCode.FAILED, f"{error.message} Continue with --resume.")
    except OSError as error:
        end(ExitCode.FAILED, f"{out} cannot be written: {error.strerror}. Continue with --resume.")


def _told(out: str, manifest: "Manifest") -> str:
    return f"{out} holds {counted(manifest.count, 'events')}; it is complete up to position {manifest.through}."


def _file(path: Path, format_: str, scope: "Scope") -> "ExportFile | ParquetFile":
    from projections.history.files import ExportFile
    from projections.history.parquet import ParquetFile

    if not path.parent.is_dir():
        raise click.UsageError(f"The folder {path.parent} of --out {path} does not exist. Make it, or name another.")
    return ParquetFile(path, scope) if format_ == "parquet" else ExportFile(path, format_, scope, _header(format_))


def _header(format_: str) -> bytes:
    from projections.history.form import COLUMNS

    return f"{','.join(COLUMNS)}\n".encode() if format_ == "csv" else b""


def _to_file(
    connection: Any,  # noqa: ANN401 - of the driver, which the command line does not know
    read: "Read",
    file: "ExportFile | ParquetFile",
    scope: "Scope",
    *,
    resume: bool,
) -> "Manifest":
    through = _end(connection, scope)
    try:
        after = file.open(resume=resume)
        file.write(_shown(read(after, through), after, through))
        return file.complete(max(after, through), _sealed_up_to(connection, max(after, through)))
    finally:
        file.close()


def _seal(database_url: str) -> None:
    """Seal what is not sealed yet, so that the manifest can name the seal. A replica cannot, and does without."""
    from domain.errors import UnavailableError
    from projections.history.seals import sealer
    from projections.log.event_log import EventLog
    from projections.log.pools import open_pool

    with suppress(UnavailableError), open_pool(database_url, 2, "darkroom events") as pool:
        sealer(EventLog(pool), pool).catch_up()


def _sealed_up_to(connection: Any, position: int) -> "SealedUpTo | None":  # noqa: ANN401 - likewise
    from projections.history.manifest import SealedUpTo
    from projections.history.seals import seal_up_to

    found = seal_up_to(connection, position)
    return SealedUpTo(found.first, found.last, found.hash.hex()) if found else None


def _to_stdout(connection: Any, read: "Read", format_: str, scope: "Scope", *, follow: bool) -> None:  # noqa: ANN401 - likewise
    out = sys.stdout.buffer
    out.write(_header(format_))
    done = scope.since - 1
    try:
        while True:
            through = _end(connection, scope, follow=follow)
            if through > done:
                for block in read(done, through):
                    out.write(block.lines)
                done = through
            out.flush()
            if not follow or (scope.until is not None and done >= scope.until):
                break
            time.sleep(FOLLOW_SECONDS)
    except KeyboardInterrupt:
        click.echo("", err=True)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has what it wanted
        return
    click.echo(f"Complete up to position {done}.", err=True)


def _end(connection: Any, scope: "Scope", *, follow: bool = False) -> int:  # noqa: ANN401 - likewise
    from projections.history.export import settled
    from projections.history.manifest import ExportError
    from projections.log.clock import read_clock

    last = settled(connection)
    if scope.since > last + 1 and not follow:
        raise ExportError(f"The log does not reach --since {scope.since} yet: it ends at {last}. Give an earlier one.")
    if scope.since_time and scope.since_time > (now := read_clock(connection)) and not follow:
        raise ExportError(f"--since {scope.since_time} is still to come: it is {now} now. Give an earlier one.")
    return last if scope.until is None else min(last, scope.until)


def _blocks(
    connections: tuple[Any, Any],
    format_: str,
    scope: "Scope",
    after: int,
    through: int,
) -> "Iterator[Block]":
    from projections.history.export import csv_blocks, ndjson_blocks

    if format_ == "ndjson":
        return ndjson_blocks(connections[0], scope, after, through, connections[1])
    return csv_blocks(connections[0], scope, after, through)


def _shown(blocks: "Iterator[Block]", after: int, through: int) -> "Iterator[Block]":
    """The blocks, with a bar on stderr while they come."""
    from projections.history.bar import bar

    with bar("Exporting", through - after) as advance:
        for block in blocks:
            yield block
            advance(block.last)
