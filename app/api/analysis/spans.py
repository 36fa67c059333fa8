"""Parses the span and the filters of a chart from a URL. Spans are widened to whole periods."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.api.http.errors import MalformedError
from app.api.support.requests.parameters import mistake, moment_of, one_of, parsed, whole
from projections.queries.insights import HOUR, Span, Step

USUAL: Final = timedelta(days=7)
LONGEST: Final = timedelta(days=3660)
HOURLY: Final = timedelta(days=3)
DAILY: Final = timedelta(days=180)
MOST_PERIODS: Final = 1000
LENGTHS: Final = {Step.HOUR: HOUR, Step.DAY: timedelta(days=1), Step.WEEK: timedelta(weeks=1)}
MONDAY: Final = datetime(2000, 1, 3, tzinfo=UTC)
HIGHEST_VERSION: Final = 2**31 - 1


def _text(name: str, text: str) -> str:
    if "\0" in text or len(text) > 200:  # noqa: PLR2004 - longer than the name of any model
        raise mistake(name, text, "the name of an image model")
    return text


def _form(name: str, text: str) -> str:
    if text not in {"json", "csv"}:
        raise mistake(name, text, "json or csv")
    return text


PARSERS: Final = {
    "since": moment_of,
    "until": moment_of,
    "step": one_of(Step),
    "promptVersion": whole(0, HIGHEST_VERSION),
    "model": _text,
    "format": _form,
}


def span_of(given: Mapping[str, list[str]], now: datetime) -> tuple[Span, bool]:
    """The span that is asked for, the last seven days by default, and whether as CSV. Raises MalformedError."""
    asked: dict[str, Any] = parsed(given, PARSERS)
    until = asked.get("until") or now.astimezone(UTC)
    since = asked.get("since") or until - USUAL
    if not since < until:
        raise MalformedError(f"`since` {since:%Y-%m-%dT%H:%M:%SZ} is not before `until` {until:%Y-%m-%dT%H:%M:%SZ}.")
    if until - since > LONGEST:
        raise MalformedError("The span has more than ten years. Ask for a shorter one.")
    step = asked.get("step") or _step(until - since)
    if (until - since) / LENGTHS[step] > MOST_PERIODS:
        raise MalformedError(f"The span has more than {MOST_PERIODS} periods of one {step}. Ask for longer ones.")
    begin, end = _widened(since, until, LENGTHS[step])
    span = Span(since=begin, until=end, step=step, prompt_version=asked.get("promptVersion"), model=asked.get("model"))
    return span, asked.get("format") == "csv"


def _step(length: timedelta) -> Step:
    if length <= HOURLY:
        return Step.HOUR
    return Step.DAY if length <= DAILY else Step.WEEK


def _widened(since: datetime, until: datetime, unit: timedelta) -> tuple[datetime, datetime]:
    """The span in whole units, which begin at midnight in UTC, and weeks on Mondays."""
    before, after = (since - MONDAY) // unit, -((MONDAY - until) // unit)
    return MONDAY + before * unit, MONDAY + after * unit
