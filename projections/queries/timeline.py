"""Cuts the time of an upload into spans: each says what the upload did or waited for, in which attempt, held by whom.

    waiting   for a worker, before an attempt
    held      by a worker, before its first stage
    stage     in a stage of the pipeline
    lost      the worker of the attempt was gone, from its last event on
    backoff   an attempt failed; the next one may not begin yet
    put-off   the next attempt has to wait for something that is not the upload's doing
    ended     complete or failed, until a retry, an expiry or an erasure

A pure function. Spans follow each other without a gap, the first begins with the first event, the last ends with the
last event of an ended upload, or now. A clock that stepped back makes no span negative: time is counted from the
first event to that end, and in between only forward.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from eventsourcing.persistence import MapperDeserialisationError
from msgspec import Struct
from msgspec.structs import replace

from domain.events import (
    AttemptFailed,
    AttemptStarted,
    Erased,
    Event,
    Failed,
    Noted,
    PutOff,
    Requeued,
    Retried,
    StageAdvanced,
)
from domain.failures import FailureCode
from domain.stages import Stage
from projections.log.event_log import LoggedEvent

WAITING: Final = "waiting"
HELD: Final = "held"
STAGE: Final = "stage"
LOST: Final = "lost"
BACKOFF: Final = "backoff"
PUT_OFF: Final = "put-off"
ENDED: Final = "ended"
RUNS: Final = {HELD, STAGE}
"""While a worker works on the upload."""
MICROSECOND: Final = timedelta(microseconds=1)


class Phase(Struct, frozen=True):
    """What an upload does at a moment. Until `until`, if there is one; then it waits for a worker."""

    kind: str
    attempt: int
    stage: Stage | None = None
    worker: str | None = None
    code: FailureCode | None = None
    until: datetime | None = None


class Span(Struct, frozen=True):
    """A part of the time of an upload."""

    kind: str
    attempt: int
    stage: Stage | None
    worker: str | None
    code: FailureCode | None
    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it took, in whole microseconds."""
        return seconds_of(self.end - self.begin)


def seconds_of(duration: timedelta) -> float:
    """The duration in seconds; parts add up exactly if they are added as whole microseconds."""
    return duration // MICROSECOND / 1_000_000


def spans(history: Sequence[LoggedEvent], now: datetime, held_until: datetime | None) -> list[Span]:
    """The spans of an upload that has at least one event.

    `held_until` is when the lease of a run expires, or has; None if no run holds the upload.
    """
    history = [logged for logged in history if logged.name != Noted.NAME]  # a note takes no time and ends nothing
    events = [_event(logged) for logged in history]
    phases = _phases(events)
    last = history[-1].recorded_at if phases[-1].kind == ENDED else now
    times = _forward([logged.recorded_at for logged in history], last)
    found: list[Span] = []
    for index, phase in enumerate(phases):
        begin = times[index]
        if index + 1 < len(phases):
            parts = _parts(_ended_by_loss(phase, events[index + 1 :]), begin, times[index + 1])
        elif phase.kind == ENDED:
            break
        else:
            parts = _present(phase, begin, max(begin, last), held_until)
        found += parts
    return _joined(found) or [_span(phases[0], times[0], times[-1])]


def _event(logged: LoggedEvent) -> Event | None:
    try:
        return logged.event
    except MapperDeserialisationError:
        return None  # it took place; only what it says is unknown


def _phases(events: Sequence[Event | None]) -> list[Phase]:
    """The phase that each event begins or goes on with."""
    phase = Phase(WAITING, 1)
    reached: Stage | None = None
    begun = 0
    found = []
    for event in events:
        if isinstance(event, StageAdvanced):
            reached = event.stage
        if isinstance(event, AttemptStarted):
            begun = event.attempt
        phase = _next(phase, event, reached, begun)
        found.append(phase)
    return found


def _next(phase: Phase, event: Event | None, reached: Stage | None, begun: int) -> Phase:  # noqa: PLR0911 - one case an event
    match event:
        case AttemptStarted():
            worker = event.actor.partition(":")[2] or event.actor
            return Phase(STAGE if reached else HELD, event.attempt, reached, worker)
        case StageAdvanced(stage=Stage.COMPLETE) | Failed() | Erased():
            return Phase(ENDED, phase.attempt, code=getattr(event, "code", phase.code))
        case StageAdvanced():
            worker = phase.worker or event.actor.partition(":")[2]
            return Phase(STAGE, event.attempt, event.stage, worker)
        case AttemptFailed():
            return Phase(BACKOFF, event.attempt, code=event.code, until=event.retry_at)
        case PutOff():
            return Phase(PUT_OFF, begun + 1, code=event.code, until=event.retry_at)
        case Retried():
            return Phase(WAITING, begun + 1)
        case Requeued() if phase.kind not in RUNS:
            return Phase(WAITING, begun + 1)
        case _:
            return phase


def _ended_by_loss(phase: Phase, later: Sequence[Event | None]) -> Phase:
    """The phase before an event that shows that its worker was lost; any other one as it is."""
    # A requeue says nothing of the worker.
    following = next((event for event in later if not isinstance(event, Requeued)), None)
    lost = isinstance(following, AttemptStarted) or (
        isinstance(following, Failed) and following.code is FailureCode.WORKER_LOST
    )
    return replace(phase, kind=LOST) if lost and phase.kind in RUNS else phase


def _forward(moments: Sequence[datetime], last: datetime) -> list[datetime]:
    """The moments, none before the one before it, and none after the last one unless that is the first."""
    found = [moments[0]]
    for moment in moments[1:]:
        found.append(max(found[-1], min(moment, max(last, moments[0]))))
    return found


def _parts(phase: Phase, begin: datetime, end: datetime) -> Iterator[Span]:
    """A phase as one span, or as two if the upload may go on before its end."""
    middle = end if phase.until is None else min(max(phase.until, begin), end)
    yield _span(phase, begin, middle)
    if middle < end:
        yield _span(Phase(WAITING, phase.attempt + (phase.kind == BACKOFF)), middle, end)


def _present(phase: Phase, begin: datetime, now: datetime, held_until: datetime | None) -> Iterator[Span]:
    """The phase that lasts until now. A run whose lease has expired is lost from then on."""
    if phase.kind not in RUNS or (held_until and held_until > now):
        yield from _parts(phase, begin, now)
        return
    gone = max(begin, min(held_until or begin, now))
    if gone > begin:
        yield _span(phase, begin, gone)
    yield _span(replace(phase, kind=LOST), gone, now)


def _span(phase: Phase, begin: datetime, end: datetime) -> Span:
    return Span(phase.kind, phase.attempt, phase.stage, phase.worker, phase.code, begin, end)


def _joined(found: Sequence[Span]) -> list[Span]:
    """Spans that differ in their time alone are one."""
    joined: list[Span] = []
    for span in found:
        if joined and replace(joined[-1], begin=span.begin, end=span.end) == span:
            joined[-1] = replace(joined[-1], end=span.end)
        else:
            joined.append(span)
    return joined
