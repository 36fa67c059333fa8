"""Converts events to stored JSON and back, by name and schema version. Older versions are upgraded when read.

The whole JSON of an event holds its envelope and its facts. A log may keep the envelope in columns of its own: then the
JSON holds the facts alone, and what the JSON has all the same is valid instead of the column.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, MapperDeserialisationError, StoredEvent
from msgspec import Struct
from msgspec.structs import astuple, fields

from domain.events import EVENTS, AttemptFailed, Erased, Event, Failed, PutOff, Retried

Upcast = Callable[[dict[str, Any]], dict[str, Any]]


def _unasked(facts: dict[str, Any]) -> dict[str, Any]:
    """Version 1 knew no reason and no request: until then staff gave none."""
    return {**facts, "reason": None, "request_id": None}


UPCASTS: Final[Mapping[tuple[str, int], Upcast]] = {
    (Failed.NAME, 1): _unasked,
    (Retried.NAME, 1): _unasked,
    (Erased.NAME, 1): _unasked,
}
"""By event name and schema version: a function that turns the facts into those of the next version."""

KEY: Final = ("originator_id", "originator_version")
"""Fields of an event that are never part of the JSON."""
HEX: Final = re.compile(r"[0-9a-f]{32}")
"""A correlation id of ours."""
_TIMED: Final = {AttemptFailed, PutOff}
"""Events with a retry_at."""
_FACTS: Final = msgspec.json.Decoder(dict[str, Any])
_ENCODER: Final = msgspec.json.Encoder()


class Envelope(NamedTuple):
    """What a log keeps of an event in columns of its own. None: the column is empty, because the JSON has the value."""

    schema_version: int | None
    event_id: UUID
    actor: str
    correlation_id: str | None

    @property
    def given(self) -> dict[str, Any]:
        """The values of the columns that are not empty, by name."""
        return {name: value for name, value in zip(self._fields, self, strict=True) if value is not None}


@dataclass(frozen=True)
class OpenedEvent(StoredEvent):
    """A stored event whose envelope and facts are at hand. `state` is the whole JSON all the same.

    The correlation id is None where it is not 32 hexadecimal digits; then it is among the facts.
    """

    event_id: UUID
    actor: str
    correlation_id: str | None
    schema_version: int
    facts: bytes


@dataclass(frozen=True)
class LoggedState(StoredEvent):
    """An event as a log with columns has it: `state` is the facts, `envelope` is in the columns."""

    envelope: Envelope | None


class _Form(NamedTuple):
    """The current form of an event: its version, a struct of its facts alone, and a decoder that takes nothing else."""

    schema_version: int
    facts: type[Struct]
    decode: Callable[[bytes | str], Struct]


@cache
def _form(event: type[Event]) -> _Form:
    """The facts follow the fields of Event, in the same order."""
    own = [(field.name, field.type) for field in fields(event)[len(fields(Event)) :]]
    facts = msgspec.defstruct(f"{event.__name__}Facts", own, frozen=True, gc=False, forbid_unknown_fields=True)
    return _Form(event.SCHEMA_VERSION, facts, msgspec.json.Decoder(facts).decode)


class EventMapper(Mapper[UUID]):
    """The mapper of the eventsourcing library, for events that are msgspec structs."""

    def __init__(self, upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS) -> None:
        super().__init__(JSONTranscoder())
        self._upcasts = upcasts

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> OpenedEvent:
        """The event in its stored form."""
        if not isinstance(domain_event, Event):
            raise TypeError(f"{domain_event!r} is no event of an upload.")
        upload_id, version, event_id, actor, correlation_id, *own = astuple(domain_event)
        schema_version, struct, _ = _form(type(domain_event))
        envelope = {
            "schema_version": schema_version,
            "event_id": event_id,
            "actor": actor,
            "correlation_id": correlation_id,
        }
        facts = _ENCODER.encode(struct(*own))
        has_column = HEX.fullmatch(correlation_id)
        return OpenedEvent(
            originator_id=upload_id,
            originator_version=version,
            topic=domain_event.NAME,
            state=_joined(_ENCODER.encode(envelope), facts),
            event_id=event_id,
            actor=actor,
            correlation_id=correlation_id if has_column else None,
            schema_version=schema_version,
            facts=facts if has_column else _joined(_ENCODER.encode({"correlation_id": correlation_id}), facts),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The event in a row of the log. Raises MapperDeserialisationError if it cannot be read."""
        row = stored_event
        envelope = row.envelope if isinstance(row, LoggedState) else None
        return self.read(cast("UUID", row.originator_id), row.originator_version, row.topic, row.state, envelope)

    def read(
        self, upload_id: UUID, version: int, name: str, state: bytes | str, envelope: Envelope | None = None
    ) -> Event:
        """The same for the parts of a row. A rebuild would be slower if it made a StoredEvent for each row first."""
        try:
            event = EVENTS[name]
            if envelope:
                schema_version, event_id, actor, correlation_id = envelope
                current, _, decode = _form(event)
                if schema_version == current and correlation_id:
                    try:
                        facts = astuple(decode(state))
                    except (msgspec.DecodeError, RecursionError):
                        pass  # it cannot be read, or has more than its facts: a part of the envelope, for example
                    else:
                        return _judged(event(upload_id, version, event_id, actor, correlation_id, *facts))
            given = envelope.given if envelope else {}
            return _judged(self._convert(event, upload_id, version, {**given, **_FACTS.decode(state)}))
        except Exception as error:  # whatever a stored text makes a decoder stumble over; no I/O here
            raise MapperDeserialisationError(
                f"{name} at version {version} of {upload_id} cannot be read: {error!r}"
            ) from error

    def _convert(self, event: type[Event], upload_id: UUID, version: int, stored: dict[str, Any]) -> Event:
        facts = self._upcast(event, stored)
        facts["originator_id"] = upload_id
        facts["originator_version"] = version
        return msgspec.convert(facts, event)

    def _upcast(self, event: type[Event], facts: dict[str, Any]) -> dict[str, Any]:
        stored = facts.pop("schema_version")
        if type(stored) is not int:  # a bool is one, too
            raise msgspec.ValidationError(f"{stored!r} is no schema_version.")
        if stored > event.SCHEMA_VERSION:
            raise msgspec.ValidationError(f"schema_version {stored} was written by a newer version of Darkroom.")
        for version in range(stored, event.SCHEMA_VERSION):
            facts = self._upcasts[event.NAME, version](facts)
        return facts


def _judged(event: Event) -> Event:
    """The event, if its time can be compared with any other. Raises MsgspecError, OverflowError."""
    if type(event) in _TIMED:
        retry_at: datetime = event.retry_at  # type: ignore[attr-defined] # both have it
        if retry_at.tzinfo is None:
            raise msgspec.ValidationError(f"The time {retry_at} has no zone.")
        retry_at.astimezone(UTC)  # in another zone, a time can lie before the first year or after the last one
    return event


def _joined(first: bytes, second: bytes) -> bytes:
    """One JSON object of two that have no member in common; the first is not empty."""
    return first if second == b"{}" else first[:-1] + b"," + second[1:]
