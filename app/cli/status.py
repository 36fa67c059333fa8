"""`darkroom status`: where a job is."""

import json
from typing import TYPE_CHECKING, Any

import rich_click as click

from app.cli.jobs.display import described, display
from app.cli.server import client_of, server_option, server_url
from app.cli.shell.ending import ExitCode, end
from app.cli.shell.job_ids import job_argument, owned_job, token_option

if TYPE_CHECKING:
    from app.cli.jobs.client import Client, Job


@click.command()
@job_argument
@token_option
@server_option
@click.option("--watch", "watching", is_flag=True, help="Go on until the job's end, with a progress bar.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the status as JSON, exactly as the server said it; with --show-token it has sessionToken too.",
)
@click.option("--show-token", is_flag=True, help="Print the session token too. It opens the job to its holder.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long --watch waits for the end.",
)
def status(
    *,
    job_id: str,
    token: str | None,
    server: str | None,
    watching: bool,
    as_json: bool,
    show_token: bool,
    timeout: float,
) -> None:
    """Show where the job JOB_ID is.

    The beginning of an id is enough for a job that this machine sent.

    Ends with 0 when the job is known and has not failed, 1 when it failed or is not this session's, 2 on wrong usage.

    Example: darkroom status 3f0c6f0e --watch
    """
    url = server_url(server)
    job = owned_job(job_id, token, url)
    with client_of(url) as client:
        body = _watched(client, job, timeout) if watching else client.status(job)
        token = client.token_of(job)
    shown = {"sessionToken": token} if show_token else {}
    if as_json:
        click.echo(json.dumps({**body, **shown}))
    else:
        tell(body)
        for secret in shown.values():
            click.echo(f"session token {secret}")
    if body["status"] == "failed":
        end(ExitCode.FAILED, body["errorMessage"])


def tell(body: dict[str, Any]) -> None:
    """Print a status for people."""
    click.echo(f"{body['status']}: {described(body)}, last moved {body['updatedAt']}")
    if body.get("expired"):
        click.echo("expired: the time for which its photo and its pictures are kept is over, so they are deleted")
    elif body["resultId"]:
        click.echo(f"result {body['resultId']}")


def _watched(client: "Client", job: "Job", seconds: float) -> dict[str, Any]:
    body: dict[str, Any] = {}
    go_on = f"The job goes on. To look at it:\n  {look_again(job, client.server)}"
    try:
        with display() as shown:
            for body in client.watch(job, seconds):
                shown.show("", body)
    except KeyboardInterrupt:
        end(ExitCode.INTERRUPTED, f"No longer watching. {go_on}")
    except TimeoutError:
        end(ExitCode.FAILED, f"Not done after {seconds:g} s. {go_on}")
    return body


def look_again(job: "Job", server: str) -> str:
    """The command that goes on watching a job."""
    return f"darkroom status {job.id} --watch --server {server}"
