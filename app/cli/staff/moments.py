"""A moment on the command line: a day, a time, or how long ago."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import rich_click as click

AGO: Final = re.compile(r"(\d{1,6})([mhd])")
UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


class Moment(click.ParamType[datetime]):
    """A day in UTC, its end included or not, or a time with its offset; and, for the past, 30m, 24h or 7d."""

    name = "moment"

    def __init__(self, *, end_of_day: bool = False, ago: bool = False) -> None:
        self._end_of_day = end_of_day
        self._ago = ago

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401 - as click has it
        """The moment. Ends the command with 2 for what is none."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            if self._ago and (found := AGO.fullmatch(text)):
                return datetime.now(UTC) - timedelta(**{UNITS[found[2]]: int(found[1])})
            return self._day(date.fromisoformat(text)) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else _time(text)
        except (ValueError, OverflowError) as error:
            forms = "a day such as 2027-01-31 or a time such as 2027-01-31T17:00:00Z"
            forms += ", or how long ago: 30m, 24h, 7d" if self._ago else ""
            return self.fail(f"{text!r} is no moment ({error}). Give {forms}.", param, ctx)

    def _day(self, day: date) -> datetime:
        return datetime.combine(day, time(), UTC) + timedelta(days=self._end_of_day)


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("it has no offset: end it with Z for UTC")
    return moment.astimezone(UTC)
