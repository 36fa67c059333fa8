"""The filters of a search, as they stand in its URL. A mistake is refused with its value.

A filter that is ignored would show what was not asked for.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from app.api.http.errors import MalformedError
from app.signing.sessions import Sessions
from domain.failures import FailureCode
from domain.stages import Stage, Status
from projections.queries.search import SHORT_HASH, Place, Search

_E = TypeVar("_E", bound=StrEnum)

DEFAULT_LIMIT: Final = 50
MOST: Final = 200
HIGHEST_ATTEMPT: Final = 2**31 - 1
DIGITS: Final = 32
PREFIX: Final = re.compile(r"[0-9a-f][0-9a-f-]{0,35}")
SESSION: Final = re.compile(rf"(?:session:)?([0-9a-f]{{{SHORT_HASH},64}})")


class Filters(NamedTuple):
    """A search, its page, and what the audit log keeps of it."""

    search: Search
    after: Place | None
    limit: int
    facts: dict[str, Any]


def filters_of(given: Mapping[str, list[str]], sessions: Sessions) -> Filters:
    """Parse the parameters of a URL. Raises MalformedError."""
    values: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    parsers = _parsers(sessions)
    for name, texts in given.items():
        if name not in parsers:
            raise MalformedError(f"There is no filter {name[:40]!r}. There are {', '.join(parsers)}.")
        if len(texts) > 1:
            raise MalformedError(f"`{name}` is given {len(texts)} times. Give it once.")
        text = texts[0].strip()
        if text:
            values[name] = parsers[name](name, text)
            # A session may be named by its token, which is a secret.
            facts[name] = values[name][:SHORT_HASH] if name == "session" else text
    after, limit = values.pop("cursor", None), values.pop("limit", DEFAULT_LIMIT)
    search = Search(**{FIELDS[name]: value for name, value in values.items()})
    return Filters(search, after, limit, facts)


FIELDS: Final = {
    "jobId": "job_ids",
    "status": "status",
    "stage": "stage",
    "errorCode": "error_code",
    "session": "session",
    "minAttempt": "min_attempt",
    "createdAfter": "created_after",
    "createdBefore": "created_before",
    "standsStill": "stands_still",
}


def _parsers(sessions: Sessions) -> dict[str, Callable[[str, str], Any]]:
    return {
        "jobId": _job_ids,
        "status": _one_of(Status),
        "stage": _one_of(Stage),
        "errorCode": _one_of(FailureCode),
        "session": lambda name, text: _session(name, text, sessions),
        "minAttempt": _whole(0, HIGHEST_ATTEMPT),
        "createdAfter": moment_of,
        "createdBefore": moment_of,
        "standsStill": _truth,
        "cursor": _place,
        "limit": _whole(1, MOST),
    }


def cursor_of(place: Place) -> str:
    """Where the next page begins, as text for a URL."""
    return urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def moment_of(name: str, text: str) -> datetime:
    """A time with its offset, or the beginning of a day in UTC. Raises MalformedError."""
    text = text.replace(" ", "+")  # an offset that was not escaped
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _mistake(name, text, "a time with its offset such as 2026-11-28T09:00:00Z, or a day such as 2026-11-28")


def _mistake(name: str, text: str, must: str) -> MalformedError:
    return MalformedError(f"`{name}` is {text[:60]!r}. It must be {must}.")


def _job_ids(name: str, text: str) -> tuple[UUID, UUID]:
    digits = text.lower().replace("-", "")
    if not PREFIX.fullmatch(text.lower()) or not 0 < len(digits) <= DIGITS:
        raise _mistake(name, text, "the id of a job or its beginning, such as 3f0c6f0e")
    return UUID(digits.ljust(DIGITS, "0")), UUID(digits.ljust(DIGITS, "f"))


def _one_of(kind: type[_E]) -> Callable[[str, str], _E]:
    def parse(name: str, text: str) -> _E:
        try:
            return kind(text)
        except ValueError:
            raise _mistake(name, text, f"one of {', '.join(kind)}") from None

    return parse


def _whole(lowest: int, highest: int) -> Callable[[str, str], int]:
    def parse(name: str, text: str) -> int:
        if text.isascii() and text.isdecimal() and len(text) <= len(str(highest)) and lowest <= int(text) <= highest:
            return int(text)
        raise _mistake(name, text, f"a whole number from {lowest} to {highest}")

    return parse


def _truth(name: str, text: str) -> bool:
    if text not in {"true", "false"}:
        raise _mistake(name, text, "true or false")
    return text == "true"


def _session(name: str, text: str, sessions: Sessions) -> str:
    if found := SESSION.fullmatch(text.lower()):
        return found[1]
    if session := sessions.read(text):
        return session.hash
    # The text may be a token of another service, so the answer does not repeat it.
    raise MalformedError(
        f"`{name}` must be a session token of this service, or a hash such as session:a886e65e94bbc507."
    )


def _place(name: str, text: str) -> Place:
    try:
        return msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Place)
    except (ValueError, msgspec.MsgspecError):
        raise _mistake(name, text, "the nextCursor of an answer, or left out for the first page") from None
