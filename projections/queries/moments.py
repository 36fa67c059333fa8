"""Turns a moment into a position of the log. A time becomes the position of the last event recorded by then."""

from datetime import UTC, datetime

from domain.errors import DarkroomError
from projections.log.event_log import EventLog

Moment = int | datetime
"""A position, or a time."""


class UnknownMomentError(DarkroomError):
    """The log does not reach this moment yet."""


def position_at(event_log: EventLog, moment: Moment) -> int:
    """The last position that belongs to the past at this moment; 0 before the first event.

    Times are by the clock of PostgreSQL. Where it stepped back, the first event that is later than the time ends the
    past. Raises UnknownMomentError, LogUnavailableError.
    """
    last = event_log.last_position()
    if isinstance(moment, int):
        if moment > last:
            raise UnknownMomentError(f"The log does not reach position {moment} yet: it ends at {last}.")
        return moment
    if moment > (now := event_log.now()):
        raise UnknownMomentError(f"{_text(moment)} is still to come: it is {_text(now)} now. Give a time that is over.")
    return _last_before(event_log, moment, last)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _last_before(event_log: EventLog, time: datetime, last: int) -> int:
    """By bisection: an event at a time costs as much in a log of any length."""
    low, high = 0, last  # the events up to `low` are no later than the time; what comes after `high` is
    while low < high:
        middle = (low + high) // 2
        following = event_log.read(middle, 1)
        if following and following[0].position <= high and following[0].recorded_at <= time:
            low = following[0].position
        else:
            high = middle
    return low
