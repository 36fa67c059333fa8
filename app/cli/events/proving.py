"""`darkroom events head`, `proof` and `check`: a signed head to keep elsewhere, and proofs that are checked with it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import rich_click as click

from app.cli.jobs.counted import counted
from app.cli.shell.ending import ExitCode, end
from app.cli.shell.job_ids import job_argument, upload_in
from app.cli.shell.settings import attached, cli_settings

if TYPE_CHECKING:
    from app.signing.heads import HeadKey
    from projections.history.heads import Head, Pool
    from projections.log.event_log import EventLog

DATA_HELP: Final = "The data folder of a running `darkroom up`, unless DATABASE_URL is set. Default: ./darkroom-data."
FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for `darkroom verify --head`.")
@click.option("--data", type=FOLDER, metavar="DIR", help=DATA_HELP)
def head(*, as_json: bool, data: Path | None) -> None:
    """Print the head of the log: its newest seal, signed. Keep it where the owner of the database cannot change it.

    The signature is Ed25519, by the key of HEAD_KEY, or by DIR/head-key, which is made when there is none.

    Example: darkroom events head --json > head.json
    """
    with _opened(data) as (_, pool, make_head):
        found = make_head(pool)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    click.echo(f"Position {found.position}, sealed at {found.sealed_at}")
    click.echo(f"Hash {found.hash}")
    click.echo(f"Signature {found.signature}")
    click.echo(f"Public key {found.public_key}")


@click.command()
@job_argument
@click.option("--data", type=FOLDER, metavar="DIR", help=DATA_HELP)
def proof(*, job_id: str, data: Path | None) -> None:
    """Print the history of the upload JOB_ID with the path from each event to a signed head, as JSON.

    Example: darkroom events proof 3f0c6f0e > proof.json
    """
    from projections.history.proofs import ProofError, prove

    with _opened(data) as (log, pool, make_head):
        try:
            click.echo(msgspec.json.encode(prove(pool, upload_in(log, job_id), make_head(pool))))
        except ProofError as error:
            end(ExitCode.FAILED, error.message)


@click.command()
@click.argument("file", type=FILE)
@click.option("--head", "head_file", type=FILE, metavar="FILE", help="A head that was kept; else the one in the proof.")
@click.option("--data", type=FOLDER, metavar="DIR", help="Check too that the key of HEAD_KEY, or of DIR, signed it.")
def check(*, file: Path, head_file: Path | None, data: Path | None) -> None:
    """Check a proof of `darkroom events proof` in FILE, or - for stdin, without the database.

    Ends with 0 if it holds, with 1 and a line for each fault if it does not. It shows whose key signed the head: that
    this is the key of your service you must know yourself, or give --data.

    Example: darkroom events check proof.json --head head.json
    """
    from app.signing.heads import HeadKeyError
    from projections.history.heads import HeadError, read_head
    from projections.history.proofs import ProofError, faults, read_proof

    try:
        service_key = _service_key(data) if data else None
        found = read_proof(_read(file))
        found.head.check_signature()
        kept = read_head(_read(head_file)) if head_file else found.head
    except HeadKeyError as error:
        end(ExitCode.USAGE, error.message)
    except (ProofError, HeadError) as error:
        end(ExitCode.FAILED, error.message)
    wrong = list(faults(found, kept))
    if service_key not in {None, kept.public_key}:
        wrong.append(f"{kept.public_key} signed the head, and not the key of this service, {service_key}.")
    for sentence in wrong:
        click.echo(sentence)
    if wrong:
        sys.exit(ExitCode.FAILED)
    are = "is in the log, as it is here" if len(found.events) == 1 else "are in the log, as they are here"
    click.echo(
        f"{counted(len(found.events), 'events')} of {found.upload_id} {are}, up to position "
        f"{kept.position}. Signed by {kept.public_key}."
    )


def _service_key(data: Path) -> str:
    from app.signing.heads import HeadKey

    settings = cli_settings(data_dir=data)
    return HeadKey.kept(settings.head_key, settings.data_dir).public


@contextmanager
def _opened(data: Path | None) -> Iterator[tuple["EventLog", "Pool", "MakeHead"]]:
    """The log, sealed up to its end, and a function that signs its head."""
    from app.signing.heads import HeadKey, HeadKeyError
    from domain.errors import UnavailableError
    from projections.history.seals import sealer
    from projections.log.event_log import EventLog
    from projections.log.pools import open_pool

    settings = attached(cli_settings(data_dir=data))
    try:
        with open_pool(settings.database_url or "", 2, "darkroom events") as pool:
            log = EventLog(pool)
            sealer(log, pool).catch_up()
            yield log, pool, MakeHead(HeadKey.opened(settings.head_key, settings.data_dir))
    except HeadKeyError as error:
        end(ExitCode.USAGE, error.message)
    except UnavailableError as error:
        end(ExitCode.USAGE, error.message)


class MakeHead:
    """Signs the newest seal. Ends the command with 1 if there is none."""

    def __init__(self, key: "HeadKey") -> None:
        self._key = key

    def __call__(self, pool: "Pool") -> "Head":
        """The head."""
        from projections.history.heads import signed_head

        found = signed_head(pool, self._key.sign)
        if found is None:
            end(ExitCode.FAILED, "This log has no event, so it has no head yet.")
        return found


def _read(file: Path) -> bytes:
    with click.open_file(str(file), "rb") as opened:
        content: bytes = opened.read()
    return content
