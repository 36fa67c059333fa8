"""The captures for PostHog: each completion and failure, from the log, and one status poll in ten, from the API.

A capture contains no token, filename or address. posthog.py sends them.
"""

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID, uuid5

import psycopg
import structlog
from eventsourcing.persistence import MapperDeserialisationError
from msgspec import Struct
from psycopg_pool import ConnectionPool

from domain.events import Failed, ResultStored, StageAdvanced
from domain.stages import Stage
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.follower import UNHURRIED_SECONDS, Follower

READER: Final = "analytics"
ENDS: Final = {StageAdvanced.NAME, Failed.NAME}
"""The events that may end an upload."""
POLLS: Final = 10
"""One poll in this many is captured."""

log = structlog.get_logger(__name__)


class Capture(Struct, frozen=True, kw_only=True):
    """One event for PostHog. From the log it has a time, and an id by which PostHog counts it once."""

    name: str
    upload_id: UUID
    properties: dict[str, Any]
    id: UUID | None = None
    at: datetime | None = None


class Sink(Protocol):
    """The service that receives captures."""

    def deliver(self, captures: Sequence[Capture]) -> None:
        """Return when all are accepted, within a time limit. Raises AnalyticsUnavailableError."""

    def enqueue(self, capture: Capture) -> None:
        """Try to send it later. Never blocks and never raises."""


def analytics(event_log: EventLog, pool: ConnectionPool[psycopg.Connection[Any]], sink: Sink) -> Follower:
    """The reader of the log that sends the ends of uploads to PostHog. It moves on when PostHog accepted them."""

    def send(_: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> None:
        captures = [capture for logged in page if (capture := capture_of(event_log, logged))]
        if captures:
            sink.deliver(captures)

    return Follower(READER, event_log, pool, send, pause=UNHURRIED_SECONDS, concerns=ENDS)


def capture_of(event_log: EventLog, logged: LoggedEvent) -> Capture | None:
    """The capture of an event that completes or fails an upload; None for other events."""
    if logged.name not in ENDS:
        return None
    try:
        match event := logged.event:
            case StageAdvanced(stage=Stage.COMPLETE):
                name, properties = "status_complete", _complete(logged, event_log.history(logged.upload_id))
            case Failed():
                name, properties = "status_failed", _failed(event, event_log.history(logged.upload_id))
            case _:
                return None
    except MapperDeserialisationError as error:
        # The event will stay unreadable, so skip it: the projector reports it, and later events must still be sent.
        log.warning("analytics.unreadable", upload_id=str(logged.upload_id), error=str(error))
        return None
    return Capture(
        name=name,
        upload_id=logged.upload_id,
        properties=properties,
        id=uuid5(event.event_id, name),
        at=logged.recorded_at,
    )


def _complete(logged: LoggedEvent, history: Sequence[LoggedEvent]) -> dict[str, Any]:
    results = (past.event for past in history if past.name == ResultStored.NAME)
    result_id = next((result.result_id for result in results if isinstance(result, ResultStored)), None)
    took = logged.recorded_at - history[0].recorded_at
    return {"result_id": result_id and str(result_id), "total_duration_ms": round(took.total_seconds() * 1000)}


def _failed(failed: Failed, history: Sequence[LoggedEvent]) -> dict[str, Any]:
    before = history[: failed.originator_version]
    advances = [past.event for past in before if past.name == StageAdvanced.NAME]
    progress = max((event.progress for event in advances if isinstance(event, StageAdvanced)), default=0)
    return {"final_stage": failed.stage, "final_progress": progress, "error_code": failed.code}


class PollSampler:
    """Captures one status poll in ten."""

    def __init__(self, sink: Sink, choose: Callable[[int], int] = random.randrange) -> None:
        self._sink = sink
        self._choose = choose
        self._seen = 0
        self._chosen = choose(POLLS)

    def status_poll(self, upload_id: UUID, stage: Stage | None, progress: int) -> None:
        """Count a poll. Never blocks and never raises."""
        if self._seen == self._chosen:
            properties = {"stage": stage, "progress": progress}
            self._sink.enqueue(Capture(name="status_poll", upload_id=upload_id, properties=properties))
        self._seen += 1
        if self._seen == POLLS:
            # Choose at random: if clients poll in step, a fixed choice would always capture the same client.
            self._seen, self._chosen = 0, self._choose(POLLS)
