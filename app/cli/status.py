"""`darkroom status`: where a job is."""

import json
import sys
from getpass import getpass
from typing import TYPE_CHECKING
from uuid import UUID

import rich_click as click

from app.cli.ending import ExitCode, end
from app.cli.server import server_option, server_url
from app.cli.watching import described, watch

if TYPE_CHECKING:
    from app.cli.client import StatusBody


@click.command()
@click.argument("job_id", type=click.UUID)
@click.option(
    "--token",
    metavar="TOKEN",
    help="The session token that came with the job. Without it you are asked for it, and what you type is not shown; "
    "on a pipe, or with -, it is read from stdin. A token on the command line stays in the shell's history.",
)
@server_option
@click.option("--watch", "watching", is_flag=True, help="Go on until the job's end, with a progress bar.")
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON, exactly as the server said it.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long --watch waits for the end.",
)
def status(
    *, job_id: UUID, token: str | None, server: str | None, watching: bool, as_json: bool, timeout: float
) -> None:
    """Show where the job JOB_ID is. It asks for the session token that came with the job.

    Ends with 0 when the job is known and has not failed, 1 when it failed or is not this session's, 2 on wrong usage.

    Example: darkroom status 3f0c6f0e-8d0b-4f5e-9a53-0d6c3f1f4b7a --watch
    """
    from app.cli.client import Client, ClientError, Job, UnreachableError

    try:
        with Client(server_url(server)) as client:
            job = Job(str(job_id), _token(token))
            body = watch(client, job, timeout) if watching else client.status(job)
    except UnreachableError as error:
        end(ExitCode.FAILED, f"{error}\nStart a server with `darkroom up`, or name another one with --server URL.")
    except ClientError as error:
        end(ExitCode.FAILED, str(error))
    _tell(body, as_json=as_json)


def _tell(body: "StatusBody", *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(body))
    else:
        click.echo(f"{body['status']}: {described(body)}, last moved {body['updatedAt']}")
        if body["resultId"]:
            click.echo(f"result {body['resultId']}")
    if body["status"] == "failed":
        end(ExitCode.FAILED, body["errorMessage"])


def _token(given: str | None) -> str:
    if given and given != "-":
        return given
    if given is None and sys.stdin.isatty():
        return getpass("Session token: ").strip()
    token = sys.stdin.readline().strip()
    if not token:
        raise click.UsageError("There is no session token: give it with --token, or on stdin.")
    return token
