"""The canonical form of an event, which is what a seal hashes: the same wherever the event is stored.

It is JSON with sorted keys and no spaces: actor, correlationId, eventId, facts, name, position, recordedAt (in
microseconds since 1970), schemaVersion, uploadId, version. It knows no column of the log, so neither another form of
the log, nor a dump and restore, nor another PostgreSQL changes it.
"""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec

from projections.log.event_log import LoggedEvent

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
NUMBER: Final = "\0number"
"""Stands for a number with a fraction, whose digits are kept as text. No name in stored JSON has a NUL."""

CHANGED: Final = "\0column"
"""The fact that names the columns which contradict their facts; likewise."""

_ENCODER: Final = msgspec.json.Encoder(order="sorted")


def _number(text: str) -> dict[str, str]:
    return {NUMBER: text}


class Line(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An event as a line of an export has it. What else a line says is not sealed, so it is refused."""

    position: int
    upload_id: UUID
    version: int
    name: str
    recorded_at: Annotated[datetime, msgspec.Meta(tz=True)]
    event_id: Any
    actor: Any
    correlation_id: Any
    schema_version: Any
    facts: dict[str, Any]


_STATE: Final = msgspec.json.Decoder(dict[str, Any], float_hook=_number)
_LINE: Final = msgspec.json.Decoder(Line, float_hook=_number)


def read_line(line: bytes) -> Line:
    """The event of a line. Raises msgspec.DecodeError, UnicodeError, RecursionError."""
    return _LINE.decode(line)


def line_of(logged: LoggedEvent) -> Line:
    """A row of the log as a line has it. A text that no decoder takes becomes a fact of its own."""
    try:
        state = _STATE.decode(logged.state)
    except (msgspec.DecodeError, RecursionError):
        state = {"unreadable": logged.state}
    columns = logged.columns
    # A column beside a fact of its name says the same as the fact. One that was changed afterwards shows here.
    both = columns.keys() & state.keys()
    if changed := {name: columns[name] for name in both if not _same(columns[name], state[name])}:
        state[CHANGED] = changed
    return Line(
        position=logged.position,
        upload_id=logged.upload_id,
        version=logged.version,
        name=logged.name,
        recorded_at=logged.recorded_at,
        event_id=state.pop("event_id", columns.get("event_id")),
        actor=state.pop("actor", columns.get("actor")),
        correlation_id=state.pop("correlation_id", columns.get("correlation_id")),
        schema_version=state.pop("schema_version", columns.get("schema_version")),
        facts=state,
    )


def _same(column: Any, fact: Any) -> bool:  # noqa: ANN401 - JSON
    with suppress(ValueError):
        return str(column) == str(UUID(fact) if isinstance(column, UUID) and isinstance(fact, str) else fact)
    return False


def canonical(line: Line) -> bytes:
    """The canonical form."""
    members = {
        "actor": line.actor,
        "correlationId": line.correlation_id,
        "eventId": line.event_id,
        "facts": line.facts,
        "name": line.name,
        "position": line.position,
        "recordedAt": (line.recorded_at - EPOCH) // MICROSECOND,
        "schemaVersion": line.schema_version,
        "uploadId": line.upload_id,
        "version": line.version,
    }
    try:
        return _ENCODER.encode(members)
    except OverflowError:  # an integer of more than 64 bits
        return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode()
