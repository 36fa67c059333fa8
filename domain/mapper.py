"""Converts events to stored JSON and back, by name and schema version. Older versions are upgraded when read."""

from collections.abc import Callable, Mapping
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

ENVELOPE: Final = ("originator_id", "originator_version")
"""Fields of an event that are columns of the log and not part of the JSON."""
_FACTS: Final = msgspec.json.Decoder(dict[str, Any])


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
        for column in ENVELOPE:
            del facts[column]
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.NAME,
            state=msgspec.json.encode({"schema_version": domain_event.SCHEMA_VERSION, **facts}),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The event in a row of the log. Raises MapperDeserialisationError if it cannot be read."""
        row = stored_event
        return self.read(row.originator_id, row.originator_version, row.topic, row.state)

    def read(self, upload_id: UUID | str, version: int, name: str, state: bytes | str) -> Event:
        """The same for the columns of a row. A rebuild would be slower if it made a StoredEvent for each row first."""
        try:
            event = EVENTS[name]
            facts = self._upcast(event, _FACTS.decode(state))
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
