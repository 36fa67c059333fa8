"""`darkroom staff`: who may help users, with which role, and until when."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import rich_click as click

from app.cli.staff.moments import Moment
from domain.staff import NAME, NAME_RULE, Role

if TYPE_CHECKING:
    from projections.log.pools import Pool
    from projections.staff.members import Member

OpenDatabase = Callable[[Path | None, str], AbstractContextManager["Pool"]]
"""Opens the database of a data folder, for a command of that name. The group `darkroom` hands it to its commands."""
DATA_HELP: Final = "The data folder of a running `darkroom up`, unless DATABASE_URL is set. Default: ./darkroom-data."
UNTIL_HELP: Final = (
    "When the access ends: a day such as 2027-01-31, which is the last one in UTC, or a time such as "
    "2027-01-31T17:00:00Z. Default: never."
)

data_option = click.option("--data", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help=DATA_HELP)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else, to stdout.")
until_option = click.option("--until", type=Moment(end_of_day=True), metavar="DATE", help=UNTIL_HELP)
ROLES: Final = click.Choice([role.value for role in Role])


def _named(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    if not NAME.fullmatch(name):
        raise click.BadParameter(f"{name!r} is no name: {NAME_RULE}.")
    return name


name_argument = click.argument("name", callback=_named)


@click.group()
def staff() -> None:
    """Manage the people who help users: add, list, revoke, rotate.

    A viewer reads. An agent also retries, cancels and re-enqueues. An admin also erases.
    """


@staff.command()
@name_argument
@click.option("--role", type=ROLES, required=True, help="What the person may do.")
@until_option
@json_option
@data_option
@click.pass_obj
def add(
    open_database: OpenDatabase, *, name: str, role: str, until: datetime | None, as_json: bool, data: Path | None
) -> None:
    """Add the staff member NAME and print the token, once.

    Only a hash of the token is kept. A name is given once, also after it was revoked: events contain it.

    Example: darkroom staff add erika --role agent --until 2027-01-31
    """
    from projections.staff.members import Staff
    from projections.staff.operators import operator

    with open_database(data, "staff") as pool:
        _print_token(*Staff(pool).add(name, Role(role), until, by=operator()), as_json=as_json)


@staff.command()
@name_argument
@click.option("--role", type=ROLES, help="Another role. Default: the same.")
@click.option("--until", type=Moment(end_of_day=True), metavar="DATE", help="Another end. Default: the same.")
@json_option
@data_option
@click.pass_obj
def rotate(
    open_database: OpenDatabase,
    *,
    name: str,
    role: str | None,
    until: datetime | None,
    as_json: bool,
    data: Path | None,
) -> None:
    """Give the staff member NAME a new token, which ends the old one at once.

    Example: darkroom staff rotate erika --until 2027-12-31
    """
    from projections.staff.members import Staff
    from projections.staff.operators import operator

    with open_database(data, "staff") as pool:
        member, token = Staff(pool).rotate(name, by=operator(), role=Role(role) if role else None, until=until)
        _print_token(member, token, as_json=as_json)


@staff.command()
@name_argument
@json_option
@data_option
@click.pass_obj
def revoke(open_database: OpenDatabase, *, name: str, as_json: bool, data: Path | None) -> None:
    """Take the access of the staff member NAME away, at once and for good.

    Example: darkroom staff revoke erika
    """
    from projections.staff.members import Staff
    from projections.staff.operators import operator

    with open_database(data, "staff") as pool:
        member = Staff(pool).revoke(name, by=operator())
    if as_json:
        _print_json(_facts(member))
    else:
        click.echo(f"{name} is revoked. The token opens nothing any more.")


@staff.command(name="list")
@json_option
@data_option
@click.pass_obj
def list_members(open_database: OpenDatabase, *, as_json: bool, data: Path | None) -> None:
    """List every staff member, also those whose access has ended.

    Example: darkroom staff list --json
    """
    from projections.staff.members import Staff

    with open_database(data, "staff") as pool:
        found = Staff(pool).members()
    if as_json:
        _print_json([_facts(member) for member in found])
        return
    if not found:
        click.echo("There are no staff members yet. Add one: darkroom staff add NAME --role viewer")
    for member in found:
        until = f", until {_text(member.until)}" if member.until else ""
        click.echo(f"{member.name}: {member.role}, {member.state}{until}, added {_text(member.added_at)}")


def _print_token(member: "Member", token: str, *, as_json: bool) -> None:
    if as_json:
        _print_json({"name": member.name, "role": member.role, "token": token, "until": _text(member.until)})
    else:
        click.echo(token)
        click.echo(f"This is the token of {member.name}, {member.role}. It is shown once: keep it safe.", err=True)
    if member.ended:
        rotate = f"darkroom staff rotate {member.name} --until DATE"
        click.echo(
            f"Note: the access of {member.name} ended on {_text(member.until)}, so this token opens nothing. "
            f"Give it another end: {rotate}",
            err=True,
        )


def _facts(member: "Member") -> dict[str, Any]:
    return {
        "name": member.name,
        "role": member.role,
        "state": member.state,
        "until": _text(member.until),
        "addedAt": _text(member.added_at),
        "tokenSince": _text(member.token_since),
        "revokedAt": _text(member.revoked_at),
    }


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _print_json(body: object) -> None:
    click.echo(msgspec.json.encode(body).decode())
