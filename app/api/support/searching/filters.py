"""The filters of a search, as they stand in its URL. A mistake is refused with its value.

A filter that is ignored would show what was not asked for.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.api.http.errors import MalformedError
from app.api.support.requests.cursors import cursor
from app.api.support.requests.parameters import demand_order, mistake, moment_of, one_of, parsed, truth, whole
from app.signing.sessions import Sessions
from domain.failures import FailureCode
from domain.staff import NAME, NAME_RULE, actor_of
from domain.stages import Stage, Status
from projections.queries.search import SHORT_HASH, PageEnd, Search
from projections.rows.failure_groups import ID_LENGTH

DEFAULT_LIMIT: Final = 50
MOST: Final = 200
HIGHEST_ATTEMPT: Final = 2**31 - 1
LONGEST_WAIT: Final = 10**8
"""In seconds."""
DIGITS: Final = 32
PREFIX: Final = re.compile(r"[0-9a-f][0-9a-f-]{0,35}")
GROUP: Final = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")
SESSION: Final = re.compile(rf"(?:session:)?([0-9a-f]{{{SHORT_HASH},64}})")


class Filters(NamedTuple):
    """A search, its page, and what the audit log keeps of it."""

    search: Search
    after: PageEnd | None
    limit: int
    facts: dict[str, Any]


def filters_of(given: Mapping[str, list[str]], sessions: Sessions) -> Filters:
    """Parse the parameters of a URL. Raises MalformedError."""
    values = parsed(given, _parsers(sessions))
    facts: dict[str, Any] = {name: given[name][0].strip() for name in values}
    demand_order(values, facts, "createdAfter", "createdBefore")
    if "session" in values:
        facts["session"] = values["session"][:SHORT_HASH]  # it may be named by its token, which is a secret
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
    "putOff": "put_off",
    "waitsOver": "waits_over",
    "lastActor": "last_actor",
    "failureGroup": "failure_group",
}


def _parsers(sessions: Sessions) -> dict[str, Callable[[str, str], Any]]:
    return {
        "jobId": _job_ids,
        "status": one_of(Status),
        "stage": one_of(Stage),
        "errorCode": one_of(FailureCode),
        "session": lambda name, text: _session(name, text, sessions),
        "minAttempt": whole(0, HIGHEST_ATTEMPT),
        "createdAfter": moment_of,
        "createdBefore": moment_of,
        "standsStill": truth,
        "putOff": truth,
        "waitsOver": whole(0, LONGEST_WAIT),
        "lastActor": _actor,
        "failureGroup": _group,
        "cursor": cursor(PageEnd),
        "limit": whole(1, MOST),
    }


def _job_ids(name: str, text: str) -> tuple[UUID, UUID]:
    digits = text.lower().replace("-", "")
    if not PREFIX.fullmatch(text.lower()) or not 0 < len(digits) <= DIGITS:
        raise mistake(name, text, "the id of a job or its beginning, such as 3f0c6f0e")
    return UUID(digits.ljust(DIGITS, "0")), UUID(digits.ljust(DIGITS, "f"))


def _group(name: str, text: str) -> str:
    if not GROUP.fullmatch(text):
        raise mistake(name, text, "the id of a group of failures, such as 3f0c6f0e8d0b4f5e")
    return text


def _actor(name: str, text: str) -> str:
    person = text.removeprefix("staff:")
    if not NAME.fullmatch(person):
        raise mistake(name, text, f"the name of a staff member: {NAME_RULE}")
    return actor_of(person)


def _session(name: str, text: str, sessions: Sessions) -> str:
    if found := SESSION.fullmatch(text.lower()):
        return found[1]
    if session := sessions.read(text):
        return session.hash
    # The text may be a token of another service, so the answer does not repeat it.
    raise MalformedError(
        f"`{name}` must be a session token of this service, or a hash such as session:a886e65e94bbc507."
    )
