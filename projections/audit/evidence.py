"""What is known of one upload at one moment: its stream, its rows, its lease, and what it may wait for.

Nothing is judged here.
"""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError
from msgspec import Struct

from domain.events import Erased, Event
from projections.log.event_log import LoggedEvent

PATIENCE: Final = timedelta(seconds=120)
"""How long an upload may stand still, a row lag behind the log, and an object outlive its erasure."""


class Violation(Struct, frozen=True):
    """One thing that is not as promised."""

    invariant: int
    upload_id: UUID
    sentence: str

    def __str__(self) -> str:
        return f"invariant {self.invariant}: upload {self.upload_id}: {self.sentence}"


class Quarantine(Struct, frozen=True):
    """Why an upload's row has stopped."""

    position: int
    error: str


class Movement(Struct, frozen=True):
    """When the queue and the projector last moved, and where they are."""

    begun_at: datetime | None = None
    """When an attempt, of whichever upload, last began."""
    queue_reached: datetime | None = None
    """When the youngest of those that began last was submitted: whoever came before it has had its turn."""
    position: int = 0
    """Where the projector is."""
    projected_at: datetime | None = None
    """When it last moved on; now, while the read model is being rebuilt."""


class Evidence(Struct, frozen=True, kw_only=True, dict=True):
    """All of it read in one snapshot of the database; rows are JSON, since a broken one fits no struct."""

    upload_id: UUID
    now: datetime
    history: tuple[LoggedEvent, ...] = ()
    row: str | None = None
    result_row: str | None = None
    quarantine: Quarantine | None = None
    leased_until: datetime | None = None
    movement: Movement = Movement()

    @cached_property
    def events(self) -> list[Event]:
        """Those events that can be read."""
        return [event for _, event in self.readings if isinstance(event, Event)]

    @property
    def erased_at(self) -> datetime | None:
        """When its photo and pictures were taken away for good; None if they were not."""
        return next((logged.recorded_at for logged, event in self.readings if isinstance(event, Erased)), None)

    @cached_property
    def readings(self) -> list[tuple[LoggedEvent, Event | str]]:
        """Every row of the stream with its event, or with what is wrong with it."""
        return [(logged, _read(logged)) for logged in self.history]

    def is_recent(self, moment: datetime | None) -> bool:
        """Whether it lies within the patience that is due to it."""
        return moment is not None and self.now - moment <= PATIENCE

    def violation(self, invariant: int, sentence: str) -> Violation:
        """A violation by this upload."""
        return Violation(invariant, self.upload_id, sentence)


def _read(logged: LoggedEvent) -> Event | str:
    try:
        return logged.event
    except MapperDeserialisationError as error:
        return str(error.__cause__)
