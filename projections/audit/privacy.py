"""Invariant 8: an event has only its own fields, and no field of an event or a row is a secret or a filename."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from domain.events import EVENTS
from domain.mapper import KEY
from domain.objects import folder_of
from domain.privacy import FILENAME, secret_in
from projections.audit.evidence import Evidence, Violation
from projections.log.event_log import LoggedEvent

HASH: Final = re.compile(r"[0-9a-f]{64}")


def check_privacy(evidence: Evidence) -> Iterator[Violation]:
    """Stored values that break the rule. The message does not contain the value."""
    for source, facts in _written(evidence):
        for field, value in _strings(facts):
            if finding := _finding(field, value, own_keys=folder_of(evidence.upload_id)):
                yield evidence.violation(8, f"{source}: {field} {finding}.")
    for logged in evidence.history:
        for field in _unknown(logged):
            yield evidence.violation(8, f"{_source(logged)}: {field} is no fact of this event.")


def _written(evidence: Evidence) -> Iterator[tuple[str, Any]]:
    for logged in evidence.history:
        yield _source(logged), logged.facts
    for table, row in (("uploads", evidence.row), ("results", evidence.result_row)):
        if row:
            yield f"its row in {table}", msgspec.json.decode(row)
    if evidence.quarantine:
        yield "its row in quarantine", {"error": evidence.quarantine.error}


def _source(logged: LoggedEvent) -> str:
    return f"version {logged.version} ({logged.name})"


def _unknown(logged: LoggedEvent) -> list[str]:
    event, state = EVENTS.get(logged.name), logged.facts
    if event is None or state.get("schema_version") != event.SCHEMA_VERSION:
        return []
    return sorted(state.keys() - set(event.__struct_fields__) - {"schema_version"} | state.keys() & set(KEY))


def _finding(field: str, value: str, *, own_keys: str) -> str | None:
    if secret := secret_in(value):
        return f"looks like {secret}"
    if field == "session_hash" and not HASH.fullmatch(value):
        return "is no SHA-256"
    if FILENAME.search(value) and not value.startswith(own_keys):
        return "looks like a filename"
    return None


def _strings(value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Every text in the value with its field. It keeps its own stack, because JSON may be nested too deep for calls."""
    waiting = [("", value)]
    while waiting:
        field, part = waiting.pop()
        match part:
            case str():
                yield field, part
            case dict():
                waiting += [(f"{field}.{name}" if field else name, inner) for name, inner in reversed(part.items())]
            case list():
                waiting += [(field, inner) for inner in reversed(part)]
