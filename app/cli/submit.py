"""`darkroom submit`: a photo goes in, and the watermarked preview is saved."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from app.cli.ending import ExitCode, end
from app.cli.server import server_option, server_url
from app.cli.watching import watch

if TYPE_CHECKING:
    from app.cli.client import Client, Job


@click.command()
@click.argument("photo", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@server_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to save the picture; a file of that name is replaced. Default: PHOTO-darkroom.jpg here, or "
    "PHOTO-darkroom-2.jpg and so on: without --out nothing is ever replaced.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the final status as JSON, with sessionToken and, if there is a picture, savedTo. Nothing else is "
    "printed to stdout.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the end. The job itself goes on after that.",
)
def submit(*, photo: Path, server: str | None, out: Path | None, as_json: bool, timeout: float) -> None:
    """Send PHOTO, watch it go through every stage, and save the watermarked preview.

    Ends with 0 when the picture is saved, 1 when something failed (it says what), 2 on wrong usage, 130 on Ctrl-C.

    Example: darkroom submit holiday.jpg --out print.jpg
    """
    _check_target(out, photo)
    from app.cli.client import Client, ClientError, UnreachableError

    try:
        with Client(server_url(server)) as client:
            _submit(client, photo, out, as_json=as_json, seconds=timeout)
    except UnreachableError as error:
        end(ExitCode.FAILED, f"{error}\nStart a server with `darkroom up`, or name another one with --server URL.")
    except ClientError as error:
        end(ExitCode.FAILED, str(error))


def _submit(client: "Client", photo: Path, out: Path | None, *, as_json: bool, seconds: float) -> None:
    try:
        job = client.submit(photo)
    except KeyboardInterrupt:
        end(ExitCode.INTERRUPTED, "Stopped before the server had confirmed the photo.")
    except OSError as error:
        end(ExitCode.USAGE, f"{photo} cannot be read: {error.strerror}.")
    click.echo(f"Job {job.id}, session token {job.session_token}", err=True)
    body = watch(client, job, seconds)
    saved = _save(client.preview(job, body["resultId"]), out, photo) if body["status"] == "completed" else None
    if as_json:
        click.echo(json.dumps(_for_machines(body, job, saved)))
    elif saved:
        click.echo(f"Saved {saved}")
    if not saved:
        end(ExitCode.FAILED, body.get("errorMessage") or f"The job ended as {body['status']}.")


def _for_machines(body: dict[str, Any], job: "Job", saved: Path | None) -> dict[str, Any]:
    return {**body, "sessionToken": job.session_token} | ({"savedTo": str(saved)} if saved else {})


def _check_target(out: Path | None, photo: Path) -> None:
    # Before anything is sent: it would be a pity to find out at the end.
    if out is None:
        return
    if not out.parent.is_dir():
        raise click.BadParameter(f"The folder {out.parent} does not exist. Make it first.", param_hint="--out")
    if out.exists() and out.samefile(photo):
        raise click.BadParameter("This is the photo itself. Choose another name.", param_hint="--out")


def _save(picture: bytes, out: Path | None, photo: Path) -> Path:
    try:
        return _replace(out, picture) if out else _create(photo.stem, picture)
    except OSError as error:
        end(ExitCode.FAILED, f"The picture is ready but could not be saved to {error.filename}: {error.strerror}.")


def _replace(target: Path, picture: bytes) -> Path:
    half = target.with_name(f".{target.name}.half")
    half.write_bytes(picture)
    return half.replace(target)


def _create(stem: str, picture: bytes) -> Path:
    number = 1
    while True:
        target = Path(f"{stem}-darkroom.jpg" if number == 1 else f"{stem}-darkroom-{number}.jpg")
        try:
            with target.open("xb") as file:
                file.write(picture)
        except FileExistsError:
            number += 1
        else:
            return target
