"""`darkroom result`: the watermarked preview of a job that is done."""

from typing import Final

import rich_click as click

from app.cli.jobs.display import described
from app.cli.jobs.prints import target_of
from app.cli.server import client_of, server_option, server_url
from app.cli.shell.ending import ExitCode, end
from app.cli.shell.job_ids import job_argument, owned_job, token_option
from app.cli.status import look_again

STDOUT: Final = "-"
SHORT: Final = 8
"""The number of characters of the id in the name of the file."""


@click.command()
@job_argument
@click.option(
    "--out",
    "-o",
    type=click.Path(allow_dash=True),
    metavar="FILE|FOLDER",
    help="Where to save: a file, which is replaced, a folder, or - for stdout. Default: here. In a folder the picture "
    "is named by the first eight characters of the id, and nothing is ever replaced.",
)
@token_option
@server_option
def result(*, job_id: str, out: str | None, token: str | None, server: str | None) -> None:
    """Save the picture of the job JOB_ID.

    The beginning of an id is enough for a job that this machine sent.

    Ends with 0 when the picture is saved, 1 when there is none (it says why), 2 on wrong usage.

    Example: darkroom result 3f0c6f0e -o print.jpg
    """
    target = None if out == STDOUT else target_of(out, [], several=False)
    url = server_url(server)
    job = owned_job(job_id, token, url)
    with client_of(url) as client:
        body = client.status(job)
        if body["status"] == "failed":
            end(ExitCode.FAILED, f"There is no picture: {body['errorMessage']}")
        if not body["resultId"]:
            end(ExitCode.FAILED, f"The job is not done: {described(body)}. To wait for it:\n  {look_again(job, url)}")
        picture = client.preview(job, body["resultId"])
    if target is None:
        click.echo(picture, nl=False)
        return
    try:
        saved = target.save(job.id[:SHORT], picture)
    except OSError as error:
        end(ExitCode.FAILED, f"The picture could not be saved to {error.filename}: {error.strerror}.")
    click.echo(f"Saved {saved}")
