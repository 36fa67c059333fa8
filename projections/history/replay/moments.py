"""Parses a moment of the log from Python: a position, or a time as datetime, date or text. Times are in UTC."""

from datetime import UTC, date, datetime, time

from projections.history.manifest import ExportError

Moment = int | date | str
"""A position, or a time: a datetime is a date too."""


def moment_of(given: Moment) -> int | datetime:
    """The position or the time; a time without an offset is in UTC. Raises ExportError."""
    if isinstance(given, str):
        text = given.strip()
        if text.isdecimal():
            return int(text)
        try:
            given = datetime.fromisoformat(text)
        except ValueError:
            raise _neither(given) from None
    if isinstance(given, int):
        return given
    if not isinstance(given, date):
        raise _neither(given)
    moment = given if isinstance(given, datetime) else datetime.combine(given, time())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _neither(given: object) -> ExportError:
    return ExportError(f"{given!r} is neither a position, such as 1200, nor a time, such as 2026-11-27T10:00Z.")
