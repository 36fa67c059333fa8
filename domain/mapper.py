"""Converts events to stored JSON and back, by name and schema version. Older versions are upgraded when read.

The whole JSON of an event holds its envelope and its facts. A log may keep the envelope in columns of its own: then the
JSON holds the facts alone, and what the JSON has all the same is valid instead of the column.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, MapperDeserialisationError, StoredEvent

from domain.events import EVENTS, Erased, Event, Failed, Retried

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
_FACTS: Final = msgspec.json.Decoder(dict[str, Any])
_ENCODER: Final = msgspec.json.Encoder()
EMPTY: Final[Mapping[str, Any]] = {}


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
    """An event as a log with columns has it: `state` is the facts, `columns` is the envelope."""

    columns: Mapping[str, Any]


class EventMapper(Mapper[UUID]):
    """The mapper of the eventsourcing library, for events that are msgspec structs."""

    def __init__(self, upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS) -> None:
        super().__init__(JSONTranscoder())
        self._upcasts = upcasts

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The event in its stored form."""
        if not isinstance(domain_event, Event):
            raise TypeError(f"{domain_event!r} is no event of an upload.")
        facts: dict[str, Any] = msgspec.to_builtins(domain_event)
        for field in KEY:
            del facts[field]
        whole = _ENCODER.encode({"schema_version": domain_event.SCHEMA_VERSION, **facts})
        del facts["event_id"], facts["actor"]
        is_ours = HEX.fullmatch(domain_event.correlation_id)
        return OpenedEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.NAME,
            state=whole,
            event_id=domain_event.event_id,
            actor=domain_event.actor,
            correlation_id=facts.pop("correlation_id") if is_ours else None,
            schema_version=domain_event.SCHEMA_VERSION,
            facts=_ENCODER.encode(facts),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The event in a row of the log. Raises MapperDeserialisationError if it cannot be read."""
        row = stored_event
        columns = row.columns if isinstance(row, LoggedState) else EMPTY
        return self.read(row.originator_id, row.originator_version, row.topic, row.state, columns)

    def read(
        self, upload_id: UUID | str, version: int, name: str, state: bytes | str, columns: Mapping[str, Any] = EMPTY
    ) -> Event:
        """The same for the parts of a row. A rebuild would be slower if it made a StoredEvent for each row first."""
        try:
            event = EVENTS[name]
            facts = self._upcast(event, {**columns, **_FACTS.decode(state)})
            facts["originator_id"] = upload_id
            facts["originator_version"] = version
            return msgspec.convert(facts, event)
        except Exception as error:  # whatever a stored text makes a decoder stumble over; no I/O here
            raise MapperDeserialisationError(
                f"{name} at version {version} of {upload_id} cannot be read: {error!r}"
            ) from error

    def _upcast(self, event: type[Event], facts: dict[str, Any]) -> dict[str, Any]:
        stored = facts.pop("schema_version")
        if type(stored) is not int:  # a bool is one, too
            raise msgspec.ValidationError(f"{stored!r} is no schema_version.")
        if stored > event.SCHEMA_VERSION:
            raise msgspec.ValidationError(f"schema_version {stored} was written by a newer version of Darkroom.")
        for version in range(stored, event.SCHEMA_VERSION):
            facts = self._upcasts[event.NAME, version](facts)
        return facts
