"""`darkroom cancel` and `darkroom retry`: what the owner of a job may do to it."""

import json
from typing import TYPE_CHECKING, Literal

import rich_click as click

from app.cli.server import client_of, server_option, server_url
from app.cli.shell.job_ids import job_argument, owned_job, token_option
from app.cli.status import look_again, tell

if TYPE_CHECKING:
    from app.cli.jobs.client import Job

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the status that this led to as JSON, exactly as the server said it."
)


@click.command()
@job_argument
@token_option
@server_option
@json_option
def cancel(*, job_id: str, token: str | None, server: str | None, as_json: bool) -> None:
    """End the job JOB_ID, which waits or runs.

    The beginning of an id is enough for a job that this machine sent.

    Ends with 0 when it is cancelled, or was before; with 1 when it had ended otherwise or is not this session's, 2 on
    wrong usage.

    Example: darkroom cancel 3f0c6f0e
    """
    _command("cancel", job_id, token, server_url(server), as_json=as_json)


@click.command()
@job_argument
@token_option
@server_option
@json_option
def retry(*, job_id: str, token: str | None, server: str | None, as_json: bool) -> None:
    """Try the failed job JOB_ID again.

    The beginning of an id is enough for a job that this machine sent.

    It goes on from the stage that failed and pays for nothing twice. Ends with 0 when it goes on, 1 when it did not
    fail, when only another photo can help or when it is not this session's, 2 on wrong usage.

    Example: darkroom retry 3f0c6f0e && darkroom status 3f0c6f0e --watch
    """
    url = server_url(server)
    job = _command("retry", job_id, token, url, as_json=as_json)
    click.echo(f"To watch it:\n  {look_again(job, url)}", err=True)


def _command(name: Literal["retry", "cancel"], job_id: str, token: str | None, server: str, *, as_json: bool) -> "Job":
    job = owned_job(job_id, token, server)
    with client_of(server) as client:
        body = client.command(job, name)
    if as_json:
        click.echo(json.dumps(body))
    else:
        tell(body)
    return job
