"""`darkroom submit`: photos go in, and their watermarked previews are saved."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import rich_click as click

from app.cli.jobs.display import display
from app.cli.jobs.photos import STDIN, Found, find_photos
from app.cli.jobs.prints import Target, target_of
from app.cli.server import START_ONE, client_of, server_option, server_url
from app.cli.shell.ending import ExitCode, end

MOST_AT_ONCE: Final = 16


@click.command()
@click.argument(
    "photos",
    metavar="PHOTO...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, readable=True, allow_dash=True, path_type=Path),
)
@server_option
@click.option(
    "--out",
    "-o",
    type=click.Path(),
    metavar="FILE|FOLDER",
    help="Where to save: for one photo a file, which is replaced, or a folder; for several a folder, which is made if "
    "it is missing. Default: here. In a folder the picture is PHOTO-darkroom.jpg, or PHOTO-darkroom-2.jpg and so on: "
    "there nothing is ever replaced.",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, MOST_AT_ONCE),
    default=4,
    show_default=True,
    metavar="N",
    help="How many photos are on their way at the same time, at most.",
)
@click.option("--no-wait", is_flag=True, help="End as soon as every photo is taken in; print the id of each job.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one line of JSON a photo, as soon as it ends, and nothing else to stdout: its last status, or what was "
    "wrong as `error`, with photo, sessionToken and, if there is a picture, savedTo.",
)
@click.option(
    "--show-token",
    is_flag=True,
    help="Print the session token too. It opens these jobs to its holder. This machine keeps it anyway, for `status`, "
    "`result`, `cancel` and `retry`.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the end of a photo, and for a server that asks us to come back later. The jobs "
    "themselves go on after that.",
)
def submit(
    *,
    photos: tuple[Path, ...],
    server: str | None,
    out: str | None,
    at_once: int,
    no_wait: bool,
    as_json: bool,
    show_token: bool,
    timeout: float,
) -> None:
    """Send PHOTO, watch it go through every stage, and save the watermarked preview.

    PHOTO may be several photos, folders with photos, and - for stdin. All of them share one session. A file of a folder
    that is no photo is skipped with a note. A photo that is refused or fails stops no other.

    Ends with 0 when every picture is saved, 1 when something failed (it says what), 2 on wrong usage, 130 on Ctrl-C.

    Example: darkroom submit holiday.jpg pictures/ --out prints
    """
    if out is not None and no_wait:
        raise click.UsageError("--out saves pictures, and --no-wait does not wait for them. Leave one of the two out.")
    for photo in photos:
        if photo.is_char_device() or photo.is_block_device():
            raise click.UsageError(f"{photo} is a device and no file.")
    with TemporaryDirectory() as spool:
        found = find_photos(photos, Path(spool))
        for note in found.notes:
            click.echo(note, err=True)
        if not found.photos:
            raise click.UsageError(f"There is no photo in {', '.join(map(str, photos))}.")
        several = len(found.photos) > 1 or any(photo != STDIN and photo.is_dir() for photo in photos)
        target = None if no_wait else target_of(out, [photo.path for photo in found.photos], several=several)
        _send(
            found,
            target,
            server_url(server),
            several=several,
            at_once=at_once,
            as_json=as_json,
            show_token=show_token,
            seconds=timeout,
        )


def _send(
    found: Found,
    target: Target | None,
    server: str,
    *,
    several: bool,
    at_once: int,
    as_json: bool,
    show_token: bool,
    seconds: float,
) -> None:
    from app.cli.jobs.batch import Batch
    from app.cli.jobs.report import Report

    report = Report(server, several=several, waits=target is not None, as_json=as_json, show_token=show_token)
    with client_of(server, patience=seconds) as client:
        batch = Batch(client, target, at_once=at_once, seconds=seconds)
        try:
            with display(named=several) as shown:
                for step in batch.run(found.photos):
                    report.take(step, shown)
        except KeyboardInterrupt:
            for step in batch.rest():
                report.keep(step)
            end(ExitCode.INTERRUPTED, report.interrupted(found.photos))
    report.finish(skipped=len(found.notes))
    if report.server_is_away:
        click.echo(START_ONE, err=True)
    if code := report.exit_code:
        raise SystemExit(code)
