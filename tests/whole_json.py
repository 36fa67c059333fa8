"""Events with their envelope in the JSON, as the first logs have them, and recorders without columns for it."""

from typing import Final
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from domain.events import Event
from domain.mapper import EventMapper, joined

_ENCODER: Final = msgspec.json.Encoder()
_OURS: Final = EventMapper()


class WholeMapper(Mapper[UUID]):
    """Reads what ours reads, and stores the envelope and the facts in one JSON."""

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The event with nothing beside its JSON."""
        return whole(domain_event)

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The same back."""
        return _OURS.to_domain_event(stored_event)


def whole(event: DomainEventProtocol[UUID]) -> StoredEvent:
    """The event with nothing beside its JSON."""
    stored = _OURS.to_stored_event(event)
    state = joined(_ENCODER.encode(stored.envelope.given if stored.envelope else {}), stored.state)
    return StoredEvent(stored.originator_id, stored.originator_version, stored.topic, state)
