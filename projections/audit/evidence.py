"""The data about one upload at one moment: its stream, its rows, its lease and the state of the projector.

It is only collected here; the checks are in the other modules.
"""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Final, Protocol
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError
from msgspec import Struct

from domain.events import Erased, Event, Expired
from domain.objects import Expiry
from projections.log.event_log import LoggedEvent

PATIENCE: Final = timedelta(seconds=120)
"""How long an upload may stand still, a row lag behind the log, and an object exist after its erasure."""

READING: Final = timedelta(seconds=1)
"""How far the times of one snapshot may be apart."""


class Violation(Struct, frozen=True):
    """One violation of an invariant by one upload, or by what belongs to none."""

    invariant: int
    upload_id: UUID | None
    sentence: str
    of: str = "audit log"
    """What violates it, where no upload does."""

    def __str__(self) -> str:
        where = f"upload {self.upload_id}" if self.upload_id else self.of
        return f"invariant {self.invariant}: {where}: {self.sentence}"


class Quarantine(Struct, frozen=True):
    """Why the row of an upload is not updated any more."""

    position: int
    error: str


class Movement(Struct, frozen=True):
    """Where the projector is, and when it last made progress."""

    position: int = 0
    projected_at: datetime | None = None
    """When that position last changed."""


class Moves(Protocol):
    """What is asked about the whole log only where an upload seems to stand still."""

    def reached(self, upload_id: UUID) -> datetime | None:
        """How far the queue that the upload waits in has come: the latest submission among those that it began lately.

        None: it has begun none lately.
        """

    def went_on_at(self) -> datetime | None:
        """When the first event was written after PostgreSQL's clock had stepped back; None if it was none yet."""


class Evidence(Struct, frozen=True, kw_only=True, dict=True):
    """Everything but `moves` is read in one snapshot of the database. Rows are JSON: a broken row fits no struct."""

    upload_id: UUID
    now: datetime
    history: tuple[LoggedEvent, ...] = ()
    row: str | None = None
    result_row: str | None = None
    quarantine: Quarantine | None = None
    leased_until: datetime | None = None
    movement: Movement = Movement()
    moves: Moves

    @cached_property
    def events(self) -> list[Event]:
        """The events that can be read."""
        return [event for _, event in self.readings if isinstance(event, Event)]

    @property
    def erased_at(self) -> datetime | None:
        """When its photo and pictures were erased; None if they were not."""
        return next((logged.recorded_at for logged, event in self.readings if isinstance(event, Erased)), None)

    def expired_at(self, objects: Expiry) -> datetime | None:
        """When the time of these objects was over; None if it is not."""
        over = {objects, Expiry.EVERYTHING}
        expired = ((logged, event) for logged, event in self.readings if isinstance(event, Expired))
        return next((logged.recorded_at for logged, event in expired if event.objects in over), None)

    @cached_property
    def readings(self) -> list[tuple[LoggedEvent, Event | str]]:
        """Every row of the stream with its event, or with the error message if it cannot be read."""
        return [(logged, _read(logged)) for logged in self.history]

    def is_recent(self, moment: datetime | None) -> bool:
        """Whether the moment is at most PATIENCE ago."""
        return moment is not None and self.age(moment) <= PATIENCE

    def age(self, moment: datetime) -> timedelta:
        """How long ago that was written, at least.

        What lies ahead was written before the clock stepped back. It is as old as the first event after the step, or,
        where nothing was written since, counts as old as the step is long.
        """
        if not self.lies_ahead(moment):
            return self.now - moment
        went_on_at = self.moves.went_on_at()
        return self.now - went_on_at if went_on_at else moment - self.now

    def lies_ahead(self, moment: datetime) -> bool:
        """Whether no event can be of that time, as the clock is now."""
        return moment > self.now + READING

    def violation(self, invariant: int, sentence: str) -> Violation:
        """A violation of an invariant by this upload."""
        return Violation(invariant, self.upload_id, sentence)


def _read(logged: LoggedEvent) -> Event | str:
    try:
        return logged.event
    except MapperDeserialisationError as error:
        return str(error.__cause__)
