"""What changed between two moments: each upload with events in between, before and after, and the sums.

Both states are folds of the log, by the code of the read model. Nothing is written.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError
from msgspec import Struct, field

from domain.errors import HistoryError
from domain.failures import FailureCode
from domain.stages import Stage, Status
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.pages import Pages
from projections.rows.uploads import project

PAGE: Final = 5000
"""In events."""
ABSENT: Final = "absent"
ERASED: Final = "erased"
UNREADABLE: Final = "unreadable"


class State(Struct, frozen=True, kw_only=True, rename="camel"):
    """An upload at a moment; `status` is also absent (not submitted yet), erased or unreadable."""

    status: Status | str
    stage: Stage | None = None
    progress: int = 0
    attempt: int = 0
    error_code: FailureCode | None = None
    result_id: UUID | None = None
    version: int = 0

    def __str__(self) -> str:
        if self.status in {ABSENT, ERASED, UNREADABLE}:
            return f"{self.status}"
        if self.error_code:
            return f"{self.status} {self.progress}% {self.error_code}"
        return f"{self.status} {self.progress}%" if self.stage else f"{self.status}"


class Change(Struct, frozen=True, rename="camel"):
    """An upload before and after."""

    upload_id: UUID
    before: State
    after: State

    def __str__(self) -> str:
        events = self.after.version - self.before.version
        what = "event" if events == 1 else "events"
        return f"upload {self.upload_id}: {self.before} -> {self.after}, {events} {what}"


class Sums(Struct, rename="camel"):
    """What the changes come to: from which status to which, how each failure is called, and what happened how often."""

    uploads: int = 0
    moves: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)

    def add(self, change: Change) -> None:
        """Count a change."""
        self.uploads += 1
        self.moves[f"{change.before.status} -> {change.after.status}"] += 1
        if change.after.error_code and change.after.error_code != change.before.error_code:
            self.failures[change.after.error_code] += 1


def changes(event_log: EventLog, begin: int, end: int, sums: Sums) -> Iterator[Change]:
    """The uploads with events after the position `begin` and up to `end`, by their ids; the sums grow with them.

    It remembers the ids of these uploads, and the history of one at a time. Raises LogUnavailableError.
    """
    ids: set[bytes] = set()
    for logged in _between(event_log, begin, end):
        ids.add(logged.upload_id.bytes)
        sums.events[logged.name] += 1
    for upload_id in sorted(ids):
        history = event_log.history(UUID(bytes=upload_id))
        change = Change(UUID(bytes=upload_id), _state(history, begin), _state(history, end))
        sums.add(change)
        yield change


def _between(event_log: EventLog, begin: int, end: int) -> Iterator[LoggedEvent]:
    pages = Pages(event_log, PAGE)
    position = begin
    while position < end and (page := pages.after(position)):
        yield from (logged for logged in page if logged.position <= end)
        position = page[-1].position


def _state(history: Sequence[LoggedEvent], position: int) -> State:
    past = [logged for logged in history if logged.position <= position]
    if not past:
        return State(status=ABSENT)
    projection = None
    try:
        for logged in past:
            projection = project(projection, logged)
    except (MapperDeserialisationError, HistoryError):
        return State(status=UNREADABLE, version=past[-1].version)
    if projection is None or projection.upload.erased:
        return State(status=ERASED, version=past[-1].version)
    row = projection.row()
    return State(
        status=row.status,
        stage=row.stage,
        progress=row.progress,
        attempt=row.attempt,
        error_code=row.error_code,
        result_id=row.result_id,
        version=row.version,
    )
