"""Chooses the server that a command talks to: the one named, else a running `darkroom up`, else the default port."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import rich_click as click

from app.cli.shell.ending import ExitCode, end
from app.cli.shell.settings import cli_settings

if TYPE_CHECKING:
    from app.cli.jobs.client import Client

DEFAULT_SERVER: Final = "http://127.0.0.1:8000"
START_ONE: Final = "Start a server with `darkroom up`, or name another one with --server URL."


def server_url(server: str | None) -> str:
    """The address of the server to ask."""
    if server:
        return server
    from app.embedded.data_folder import running_service
    from app.embedded.errors import NotRunningError

    try:
        return running_service(cli_settings().data_dir).server_url
    except NotRunningError:
        return DEFAULT_SERVER


@contextmanager
def client_of(server: str, **patience: float) -> "Iterator[Client]":
    """A client of the server, which keeps renewed tokens. What it cannot do ends the command with 1 and a sentence."""
    from app.cli.jobs.client import Client, ClientError, UnreachableError

    try:
        with Client(server, **patience, on_renewed=partial(_keep, server)) as client:
            yield client
    except UnreachableError as error:
        end(ExitCode.FAILED, f"{error}\n{START_ONE}")
    except ClientError as error:
        end(ExitCode.FAILED, str(error))


def _keep(server: str, token: str, renewed: str) -> None:
    from app.cli.jobs.tokens import TokenFile

    try:
        TokenFile(server).renew(token, renewed)
    except OSError as error:
        # The older token opens the job for now, and the next command is given a new one again.
        click.echo(f"A renewed session token cannot be kept: {error.filename}: {error.strerror}.", err=True)


def _checked(_: click.Context, __: click.Parameter, server: str | None) -> str | None:
    if server is not None and not _is_address(server):
        raise click.BadParameter(f"{server!r} is no address of a server. Give one such as {DEFAULT_SERVER}.")
    return server


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not (parts.query or parts.fragment)


server_option = click.option(
    "--server",
    metavar="URL",
    callback=_checked,
    help=f"The server. Default: the Darkroom that runs on ./darkroom-data, else {DEFAULT_SERVER}.",
)
