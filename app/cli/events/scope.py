"""Parses the moment of the log that a command names: a position, or a time."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import rich_click as click

if TYPE_CHECKING:
    from projections.history.form import Scope


class Moment(click.ParamType[int | datetime]):
    """A position of the log, or a time in ISO 8601; a time without an offset is in UTC."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | datetime:  # noqa: ANN401 - as click has it
        """Check it. Ends the command with 2 for what is neither."""
        text = str(value).strip()
        try:
            if text.isdecimal():
                return int(text)
            time = datetime.fromisoformat(text)
            # PostgreSQL takes no offset of 16 hours or more.
            return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return self.fail(
                f"{text!r} is neither a position, such as 1200, nor a time, such as 2026-11-27T10:00Z.", param, ctx
            )


def scope_of(since: int | datetime | None, until: int | datetime | None, names: tuple[str, ...]) -> "Scope":
    """The events that the options name. Ends the command with 2 for a name that no event has, or an empty span."""
    from domain.events import EVENTS
    from projections.history.form import Scope

    if isinstance(since, int) and isinstance(until, int) and until < since:
        raise click.UsageError(f"--until {until} is before --since {since}: nothing lies between. Swap them.")
    if isinstance(since, datetime) and isinstance(until, datetime) and until <= since:
        raise click.UsageError(
            f"--until {until.isoformat()} is not after --since {since.isoformat()}: nothing lies between. Swap them."
        )

    if unknown := [name for name in names if name not in EVENTS]:
        raise click.UsageError(f"No event is named {unknown[0]!r}. There are: {', '.join(EVENTS)}.")
    return Scope(
        since=max(since, 1) if isinstance(since, int) else 1,
        until=until if isinstance(until, int) else None,
        since_time=since if isinstance(since, datetime) else None,
        until_time=until if isinstance(until, datetime) else None,
        names=names,
    )
