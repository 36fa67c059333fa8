"""Parses the parameters of a URL and the fields of JSON. A mistake is refused with its value and what it must be."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from app.api.http.errors import MalformedError

_E = TypeVar("_E", bound=StrEnum)
DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def mistake(name: str, text: str, must: str) -> MalformedError:
    """The refusal of a value."""
    return MalformedError(f"`{name}` is {text[:60]!r}. It must be {must}.")


def demand_known(given: Iterable[str], known: Iterable[str]) -> None:
    """Return if each name is known. Raises MalformedError: what is ignored would answer another question."""
    names = list(known)
    for name in given:
        if name not in names:
            taken = ", ".join(names) or "no parameters"
            raise MalformedError(f"There is no parameter {name[:40]!r}. The address takes {taken}.")


def parsed(given: Mapping[str, list[str]], parsers: Mapping[str, Callable[[str, str], Any]]) -> dict[str, Any]:
    """The parameters of a URL that are not empty. Raises MalformedError for others, and for what is given twice."""
    demand_known(given, parsers)
    values: dict[str, Any] = {}
    for name, texts in given.items():
        if len(texts) > 1:
            raise MalformedError(f"`{name}` is given {len(texts)} times. Give it once.")
        if text := texts[0].strip():
            values[name] = parsers[name](name, text)
    return values


def moment_of(name: str, text: str) -> datetime:
    """A time with its offset, or the beginning of a day in UTC. Raises MalformedError."""
    text = text.replace(" ", "+")  # an offset that was not escaped
    try:
        if DAY.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise mistake(name, text, "a time with its offset such as 2026-11-28T09:00:00Z, or a day such as 2026-11-28")


def end_of(name: str, text: str) -> datetime:
    """A time with its offset, or the end of a day in UTC. Raises MalformedError."""
    moment = moment_of(name, text)
    return moment + timedelta(days=1) if DAY.fullmatch(text) else moment


def demand_order(values: Mapping[str, Any], texts: Mapping[str, str], since: str, until: str) -> None:
    """Return if the time of one parameter is before that of the other, or one is missing. Raises MalformedError."""
    if since in values and until in values and values[since] >= values[until]:
        raise MalformedError(
            f"`{since}` {texts[since]!r} is not before `{until}` {texts[until]!r}: nothing lies between."
        )


def over(name: str, text: str) -> MalformedError:
    """The refusal of a time that has passed."""
    return mistake(name, text, "a time to come; this one is over")


def one_of(kind: type[_E]) -> Callable[[str, str], _E]:
    """The parser of a member of an enum."""

    def parse(name: str, text: str) -> _E:
        try:
            return kind(text)
        except ValueError:
            raise mistake(name, text, f"one of {', '.join(kind)}") from None

    return parse


def whole(lowest: int, highest: int) -> Callable[[str, str], int]:
    """The parser of a whole number within these bounds."""

    def parse(name: str, text: str) -> int:
        if text.isascii() and text.isdecimal() and len(text) <= len(str(highest)) and lowest <= int(text) <= highest:
            return int(text)
        raise mistake(name, text, f"a whole number from {lowest} to {highest}")

    return parse


def truth(name: str, text: str) -> bool:
    """Either true or false. Raises MalformedError."""
    if text not in {"true", "false"}:
        raise mistake(name, text, "true or false")
    return text == "true"
