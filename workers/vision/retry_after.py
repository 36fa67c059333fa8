"""Parses how long a server asks us to wait: the Retry-After header, and RetryInfo in the error of a Google API."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from domain.state import LONGEST_WAIT

_RETRY_INFO: Final = "type.googleapis.com/google.rpc.RetryInfo"
_SECONDS: Final = re.compile(r"\d{1,9}(\.\d{1,9})?")


def asked_wait(headers: Mapping[str, str], error_body: object, now: datetime) -> float | None:
    """The wait in seconds, between none and LONGEST_WAIT; None when nothing that can be read was said.

    A date is measured by the clock of its writer; `now` is for an answer that does not say when it was written.
    """
    written = _date(headers.get("date", "")) or now
    asked = _from_header(headers.get("retry-after", "").strip(), written)
    if asked is None:
        asked = _from_body(error_body)
    return None if asked is None else min(asked, LONGEST_WAIT.total_seconds())


def _from_header(value: str, now: datetime) -> float | None:
    if _SECONDS.fullmatch(value):
        return float(value)
    when = _date(value)
    return None if when is None else max(0.0, math.ceil((when - now).total_seconds()))


def _date(value: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(value)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _from_body(body: object) -> float | None:
    match body:
        case {"error": {"details": [*details]}}:
            return next((wait for wait in map(_from_detail, details) if wait is not None), None)
        case _:
            return None


def _from_detail(detail: object) -> float | None:
    match detail:
        case {"@type": str(kind), "retryDelay": str(delay)} if kind == _RETRY_INFO:
            seconds = delay.removesuffix("s")
            return float(seconds) if _SECONDS.fullmatch(seconds) else None
        case _:
            return None
