"""Finds the job that a command names: by its id, or by a beginning that only one id has."""

import re
import sys
from getpass import getpass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import rich_click as click

from app.cli.shell.ending import ExitCode, end

if TYPE_CHECKING:
    from app.cli.jobs.client import Job
    from projections.log.event_log import EventLog

BEGINNING: Final = re.compile(r"[0-9a-f][0-9a-f-]{0,35}")
DIGITS: Final = 32
SEVERAL: Final = 4
"""So many uploads show that a beginning is not unique."""
STDIN: Final = "-"
ASK: Final = "Give the session token that came with the job with --token, or on stdin."


class JobId(click.ParamType[str]):
    """An id of a job, or its beginning, in small letters."""

    name = "job id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401 - as click has it
        """Check it. Ends the command with 2 for what begins no id."""
        text = str(value).strip().lower()
        try:
            return str(UUID(text))
        except ValueError:
            if BEGINNING.fullmatch(text) and len(text.replace("-", "")) < DIGITS:
                return text
        return self.fail(
            f"{value!r} is neither the id of a job nor the beginning of one. An id looks like "
            "3f0c6f0e-8d0b-4f5e-9a53-0d6c3f1f4b7a.",
            param,
            ctx,
        )


job_argument = click.argument("job_id", type=JobId())
token_option = click.option(
    "--token",
    metavar="TOKEN",
    help="The session token that came with the job. This machine keeps the tokens of the jobs that it sent, so it is "
    "needed only for others: without it you are asked for it, and what you type is not shown; on a pipe, or with -, it "
    "is read from stdin. A token on the command line stays in the shell's history.",
)


def is_whole(job_id: str) -> bool:
    """Whether it is an id, and not the beginning of one."""
    return len(job_id.replace("-", "")) == DIGITS


def bounds(job_id: str) -> tuple[UUID, UUID]:
    """The least and the greatest id that begin so."""
    digits = job_id.replace("-", "")
    return UUID(digits.ljust(DIGITS, "0")), UUID(digits.ljust(DIGITS, "f"))


def only(found: list[str], beginning: str) -> str:
    """The one id of those found. Ends the command with 2 where there are more."""
    if len(found) > 1:
        shown = ", ".join(found[:3]) + (" and more" if len(found) > 3 else "")  # noqa: PLR2004 - three show what differs
        raise click.UsageError(f"Several jobs begin with {beginning!r}: {shown}. Give more of the id.")
    return found[0]


def upload_in(log: "EventLog", job_id: str) -> UUID:
    """The upload of the log with that id, or that begins so. Ends the command where there is none, or more than one."""
    found = log.ids_between(*bounds(job_id), limit=SEVERAL)
    if not found:
        what = f"no upload {job_id}" if is_whole(job_id) else f"no upload that begins with {job_id!r}"
        end(ExitCode.FAILED, f"There is {what} in this log.")
    return UUID(only([str(each) for each in found], job_id))


def owned_job(job_id: str, token: str | None, server: str) -> "Job":
    """The job of that id, or that begins so, with its token. Ends the command with 2 where one is missing."""
    from app.cli.jobs.client import Job
    from app.cli.jobs.tokens import TokenFile

    try:
        known = {job.id: job for job in TokenFile(server).beginning_with(job_id)}
    except OSError as error:
        known = {}
        click.echo(f"The kept session tokens cannot be read: {error.filename}: {error.strerror}.", err=True)
    if known:
        job = known[only(list(known), job_id)]
        return Job(job.id, _given(token)) if token else job
    if not is_whole(job_id):
        raise click.UsageError(f"This machine has sent no job that begins with {job_id!r} to {server}. {_hint(job_id)}")
    return Job(job_id, _given(token) if token else _asked(job_id, server))


def _given(token: str) -> str:
    read = sys.stdin.readline().strip() if token == STDIN else token
    if not read:
        raise click.UsageError(f"There is no session token on stdin. {ASK}")
    return read


def _asked(job_id: str, server: str) -> str:
    hint = _hint(job_id)
    if sys.stdin.isatty() and hint == ASK:
        token = getpass("Session token: ").strip()
    else:
        token = "" if sys.stdin.isatty() else sys.stdin.readline().strip()
    if not token:
        raise click.UsageError(f"This machine keeps no session token of job {job_id} at {server}. {hint}")
    return token


def _hint(job_id: str) -> str:
    from app.cli.jobs.tokens import servers_that_know

    if servers := servers_that_know(job_id):
        return f"It keeps one at {servers[0]}: add --server {servers[0]}."
    return ASK if is_whole(job_id) else "Give the whole id, and its session token with --token."
