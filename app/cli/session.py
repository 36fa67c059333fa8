"""`darkroom session`: the sessions that own uploads, for an operator."""

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import rich_click as click

from app.cli.erase import DATA_HELP
from app.cli.shell.ending import ExitCode, end
from app.cli.shell.settings import attached, cli_settings

HASH: Final = re.compile(r"[0-9a-f]{64}")


def _hash(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    if not HASH.fullmatch(text):
        raise click.BadParameter(
            f"{text!r} is no hash of a session: 64 of 0-9 and a-f, as in uploads.session_hash. A token is not taken."
        )
    return text


@click.group()
def session() -> None:
    """End sessions that own uploads."""


@session.command(name="end")
@click.argument("session_hash", callback=_hash, metavar="HASH")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help=DATA_HELP)
def end_session(*, session_hash: str, data: Path | None) -> None:
    """End the session with the hash HASH: none of its tokens opens anything within a second.

    Its uploads stay, and no token reaches them; `darkroom erase` takes them away. May be run again.

    Example: darkroom session end "$(psql -Atc "SELECT session_hash FROM uploads WHERE upload_id = '...'")"
    """
    settings = attached(cli_settings(data_dir=data))
    from app import bootstrap
    from app.signing.ended import EndedSessions
    from domain.errors import UnavailableError

    try:
        with ExitStack() as stack:
            _, pool = bootstrap.open_log(settings, "session", stack)
            is_new = EndedSessions(pool).end(session_hash)
    except UnavailableError as error:
        end(ExitCode.USAGE, error.message)
    click.echo("The session is ended." if is_new else "The session was ended before.")
