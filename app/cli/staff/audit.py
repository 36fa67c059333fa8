"""`darkroom audit`: what staff did and looked at."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from app.cli.shell.job_ids import JobId, upload_in
from app.cli.staff.members import OpenDatabase, data_option, json_option
from app.cli.staff.moments import Moment
from domain.staff import NAME, NAME_RULE, actor_of

if TYPE_CHECKING:
    from projections.staff.audit_log import Deed


def _actor(_context: click.Context, _parameter: click.Parameter, by: str | None) -> str | None:
    """The actor of a name of staff; an actor as it is. Ends the command with 2 for what is neither."""
    if by is None or ":" in by:
        return by
    if not NAME.fullmatch(by):
        raise click.BadParameter(f"{by!r} is no name: {NAME_RULE}. An actor such as operator:root is taken, too.")
    return actor_of(by)


@click.command()
@click.option(
    "--since",
    type=Moment(ago=True),
    required=True,
    metavar="T",
    help="From when on: a day such as 2027-01-31, a time such as 2027-01-31T17:00:00Z, or 30m, 24h, 7d ago.",
)
@click.option("--by", metavar="NAME", callback=_actor, help="What this staff member did, and nothing else.")
@click.option("--upload", type=JobId(), metavar="JOB", help="What was done to this upload, and nothing else.")
@json_option
@data_option
@click.pass_obj
def audit(
    open_database: OpenDatabase,
    *,
    since: datetime,
    by: str | None,
    upload: str | None,
    as_json: bool,
    data: Path | None,
) -> None:
    """Show what staff did and looked at: who, when, what, to which upload, and why.

    Looks, searches and changes of staff come from the audit log, which is append-only; what was done to an upload comes
    from its events. `darkroom verify` finds a row of the audit log that is missing. --by takes a name of staff, or an
    actor such as operator:root for commands on the machine. The beginning of an upload's id is enough.

    Example: darkroom audit --since 24h --by erika
    """
    from projections.log.event_log import EventLog
    from projections.staff.audit_log import AuditLog

    with open_database(data, "audit") as pool:
        upload_id = upload_in(EventLog(pool), upload) if upload else None
        deeds = AuditLog(pool).deeds(since, actor=by, upload_id=upload_id)
    if as_json:
        click.echo(msgspec.json.encode([_for_machines(deed) for deed in deeds]).decode())
        return
    for deed in deeds:
        click.echo(_for_people(deed))
    if not deeds:
        click.echo("Nothing was done since then.", err=True)


def _for_people(deed: "Deed") -> str:
    facts = ", ".join(f"{name} {value}" for name, value in deed.facts.items() if value is not None and name != "what")
    what = deed.facts.get("what")
    parts = [
        _text(deed.recorded_at),
        deed.actor,
        "cancelled" if deed.facts.get("code") == "CANCELLED" else deed.action.removeprefix("upload."),
        f"at the {what}" if what else "",
        str(deed.upload_id or deed.subject or ""),
        f"({facts})" if facts else "",
        f"because: {deed.reason}" if deed.reason else "",
    ]
    return "  ".join(part for part in parts if part)


def _for_machines(deed: "Deed") -> dict[str, Any]:
    return {
        "number": deed.number,
        "recordedAt": _text(deed.recorded_at),
        "actor": deed.actor,
        "action": deed.action,
        "jobId": deed.upload_id,
        "subject": deed.subject,
        "reason": deed.reason,
        "requestId": deed.request_id,
        "facts": deed.facts,
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
