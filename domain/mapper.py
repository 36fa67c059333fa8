"""Converts events to stored JSON and back, by name and schema version. Older versions are upgraded when read.

A log keeps the envelope of an event in columns of its own, and the JSON holds its facts alone. What the JSON has of the
envelope all the same is valid instead of the column: the first logs had no columns, and an export has none.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeVar, cast
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, MapperDeserialisationError, StoredEvent
from msgspec import Struct
from msgspec.structs import asdict, astuple, fields

from domain.events import EVENTS, AttemptFailed, Erased, Event, Failed, PutOff, Retried

_S = TypeVar("_S", bound=Struct)

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
_SHARED: Final = len(fields(Event))
"""How many fields every event has; its own follow them."""
_TIMED: Final = {AttemptFailed, PutOff}
"""Events with a retry_at."""
_FACTS: Final = msgspec.json.Decoder(dict[str, Any])
_ENCODER: Final = msgspec.json.Encoder()


class Envelope(Struct, frozen=True, gc=False):
    """What a log keeps of an event in columns of its own. None: the column is empty, because the JSON has the value."""

    schema_version: int | None
    event_id: UUID
    actor: str
    correlation_id: str | None

    @property
    def given(self) -> dict[str, Any]:
        """The values of the columns that are not empty, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class LoggedState(StoredEvent):
    """An event as the log has it: `state` is the facts, `envelope` is in the columns. A recorder must keep both."""

    originator_id: UUID
    envelope: Envelope | None


class _Form(Struct, frozen=True):
    """The current form of an event: its class and version, a struct of its facts alone, and a decoder of just these."""

    event: type[Event]
    schema_version: int
    facts: type[Struct]
    decode: Callable[[bytes | str], Struct]


def _judged(facts: _S) -> _S:
    """The facts, if their time can be compared with any other. Raises MsgspecError, OverflowError."""
    retry_at: datetime | None = getattr(facts, "retry_at", None)
    if retry_at is not None:
        if retry_at.tzinfo is None:
            raise msgspec.ValidationError(f"The time {retry_at} has no zone.")
        retry_at.astimezone(UTC)  # in another zone, a time can lie before the first year or after the last one
    return facts


@cache
def _form(event: type[Event]) -> _Form:
    """The facts follow the fields of Event, in the same order."""
    own = [(field.name, field.type) for field in fields(event)[_SHARED:]]
    facts = msgspec.defstruct(f"{event.__name__}Facts", own, frozen=True, gc=False, forbid_unknown_fields=True)
    decode = msgspec.json.Decoder(facts).decode
    if event in _TIMED:
        return _Form(event, event.SCHEMA_VERSION, facts, lambda state: _judged(decode(state)))
    return _Form(event, event.SCHEMA_VERSION, facts, decode)


class EventMapper(Mapper[UUID]):
    """The mapper of the eventsourcing library, for events that are msgspec structs."""

    def __init__(self, upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS) -> None:
        super().__init__(JSONTranscoder())
        self._upcasts = upcasts
        self._forms = {name: _form(event) for name, event in EVENTS.items()}

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> LoggedState:
        """The event in its stored form. A correlation id that is not 32 hexadecimal digits is among the facts."""
        event = domain_event
        if not isinstance(event, Event) or (form := self._forms.get(event.NAME)) is None:
            raise TypeError(f"{event!r} is no event of an upload. Add its class to EVENTS in domain/events.py.")
        facts = _ENCODER.encode(form.facts(*astuple(event)[_SHARED:]))
        correlation_id: str | None = event.correlation_id
        if not HEX.fullmatch(event.correlation_id):
            facts = joined(_ENCODER.encode({"correlation_id": correlation_id}), facts)
            correlation_id = None
        envelope = Envelope(form.schema_version, event.event_id, event.actor, correlation_id)
        return LoggedState(event.originator_id, event.originator_version, event.NAME, facts, envelope)

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The event in a row of the log. Raises MapperDeserialisationError if it cannot be read."""
        row = stored_event
        if isinstance(row, LoggedState):
            return self.read(row.originator_id, row.originator_version, row.topic, row.state, row.envelope)
        return self.read(cast("UUID", row.originator_id), row.originator_version, row.topic, row.state)

    def read(
        self, upload_id: UUID, version: int, name: str, state: bytes | str, envelope: Envelope | None = None
    ) -> Event:
        """The same for the parts of a row. A rebuild would be slower if it made a StoredEvent for each row first."""
        try:
            form = self._forms[name]
            if envelope and envelope.schema_version == form.schema_version and envelope.correlation_id:
                try:
                    facts = astuple(form.decode(state))
                except (msgspec.DecodeError, RecursionError):
                    pass  # it cannot be read, or has more than its facts: a part of the envelope, for example
                else:
                    shared = (upload_id, version, envelope.event_id, envelope.actor, envelope.correlation_id)
                    return form.event(*(shared + facts))  # a star among arguments would make a list first
            given = envelope.given if envelope else {}
            return _judged(self._convert(form.event, upload_id, version, {**given, **_FACTS.decode(state)}))
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


def joined(first: bytes, second: bytes) -> bytes:
    """One JSON object of two that have no member in common; the first is not empty."""
    return first if second == b"{}" else first[:-1] + b"," + second[1:]
