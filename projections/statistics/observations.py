"""What there is to observe in an upload's life for `stage_statistics`: how long each part took, and what happened.

A pure function of its events, one after the other.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from domain.events import (
    AttemptFailed,
    AttemptStarted,
    Event,
    Failed,
    PreviewStored,
    PutOff,
    ResultStored,
    Retried,
    StageAdvanced,
    Submitted,
)
from domain.failures import FailureCode
from domain.stages import Stage
from projections.log.event_log import LoggedEvent
from projections.statistics.buckets import bucket_of

WAITING: Final = "waiting"
HELD: Final = "held"
FINISHED_AT: Final = {Stage.VALIDATING: 30, Stage.GENERATING: 70, Stage.STORING: 90, Stage.WATERMARKING: 100}
"""The progress at which the work on a stage is finished."""
STEPS: Final = (("validated", 30), ("stored", 90))
"""Steps of the funnel, and the progress that shows each."""
WORKS: Final = (AttemptStarted, StageAdvanced, ResultStored, PreviewStored)
"""After these an attempt works, and the next event ends that work."""
MICROSECOND: Final = timedelta(microseconds=1)


class Kind(NamedTuple):
    """The key of the table: observations with the same key are counted together."""

    measure: str
    hour: datetime
    stage: str = ""
    code: str = ""
    model: str = ""
    prompt_version: int = 1
    bucket: int = 0

    @property
    def of_the_day(self) -> "Kind":
        """The same, by day."""
        return self._replace(hour=self.hour.replace(hour=0))


class Observation(NamedTuple):
    """What was seen, once or several times. Negative times take earlier ones back."""

    kind: Kind
    times: int = 1
    microseconds: int = 0


class PaidCalls(NamedTuple):
    """Takes the number from the ledger of calls: those of the upload in this time."""

    kind: Kind
    upload_id: UUID
    since: datetime
    until: datetime


class Life:
    """What must be known of an upload's earlier events."""

    def __init__(self, logged: LoggedEvent, submitted: Submitted) -> None:
        self._upload_id = logged.upload_id
        self._submitted_at = self._ended_at = self._last = self._since = logged.recorded_at
        self._prompt_version = submitted.prompt_version
        self._model = ""
        self._begun: dict[str, datetime] = {}
        self._before: type[Event] = Submitted
        self._stage: Stage | None = None
        self._waits: str | None = WAITING
        """The present span; None if something disturbs it, so that it is not a usual one."""
        self._progress = 0
        self._retried = False
        self._failed_as: str | None = None
        self._work: dict[Stage, timedelta] = defaultdict(timedelta)
        self._worked: dict[Stage, datetime] = {}
        self._reached = 0
        """The progress that the present attempt has reached."""

    @property
    def submission(self) -> Observation:
        """What the submission shows."""
        return self._step("submitted")

    def after(self, event: Event, at: datetime) -> Iterator[Observation | PaidCalls]:  # noqa: C901 - one case an event
        """What an event after the submission shows."""
        if self._before in WORKS and (stage := _worked_on(event)):
            self._work[stage] += at - self._last
            self._worked[stage] = at
        self._before, self._last = type(event), at
        match event:
            case AttemptStarted():
                yield from self._attempt(at)
            case StageAdvanced():
                yield from self._advanced(event, at)
            case ResultStored():
                if not self._model:
                    yield self._step("generated")
                self._model = event.model
            case AttemptFailed():
                yield from self._finished_work()
                yield self._seen("put-back", at, stage=event.stage, code=event.code)
                self._waits = None
            case PutOff():
                self._waits = None
            case Failed():
                yield from self._failed(event, at)
            case Retried():
                self._retried = True
                if self._failed_as:
                    yield self._step(self._failed_as)._replace(times=-1)
                self._failed_as = None
            case _:
                pass

    def _attempt(self, at: datetime) -> Iterator[Observation]:
        yield from self._finished_work()
        yield self._seen("attempt", at)
        if not self._begun:
            yield self._seen("waited", at, since=self._submitted_at)
            yield self._step("started")
            self._begun[""] = at
        if self._waits == WAITING:
            yield from self._span(at, HELD)
        else:
            self._waits = None
        self._reached = 0

    def _advanced(self, event: StageAdvanced, at: datetime) -> Iterator[Observation | PaidCalls]:
        self._reached = max(self._reached, event.progress)
        for name, progress in STEPS:
            if self._progress < progress <= event.progress:
                yield self._step(name)
        self._progress = max(self._progress, event.progress)
        if self._stage != event.stage:
            yield from self._span(at, event.stage)
            self._stage = event.stage
        if event.stage is not Stage.COMPLETE:
            self._begun.setdefault(event.stage, at)
            return
        yield from self._finished_work()
        yield self._step("completed")
        yield self._seen("total", at, since=self._submitted_at)
        yield self._paid(at)
        if not self._retried:
            for stage, begun in self._begun.items():
                yield self._seen("remaining", at, stage=stage, since=begun)

    def _failed(self, event: Failed, at: datetime) -> Iterator[Observation | PaidCalls]:
        yield from self._finished_work()
        yield self._seen("failed", at, stage=event.stage, code=event.code, since=self._submitted_at)
        self._failed_as = "cancelled" if event.code is FailureCode.CANCELLED else "failed"
        yield self._step(self._failed_as)
        yield self._paid(at)
        self._waits = None

    def _finished_work(self) -> Iterator[Observation]:
        """The stages whose work the attempt finished. Only now it is known which model there was."""
        for stage, took in self._work.items():
            if self._reached >= FINISHED_AT[stage]:
                yield self._seen("work", self._worked[stage], stage=stage, since=self._worked[stage] - took)
        self._work.clear()
        self._worked.clear()

    def _span(self, at: datetime, then: str) -> Iterator[Observation]:
        """End the present span, if nothing disturbed it, and begin the next."""
        if self._waits:
            yield self._seen("span", at, stage=self._waits, since=self._since)
        self._waits, self._since = then, at

    def _step(self, name: str) -> Observation:
        """A step of the funnel, in the hour of the submission."""
        return Observation(Kind("reached", _hour(self._submitted_at), name, prompt_version=self._prompt_version))

    def _paid(self, at: datetime) -> PaidCalls:
        since, self._ended_at = self._ended_at, at
        return PaidCalls(self._seen("paid", at).kind, self._upload_id, since, at)

    def _seen(
        self, measure: str, at: datetime, *, stage: str | None = None, code: str = "", since: datetime | None = None
    ) -> Observation:
        took = at - since if since else timedelta()
        bucket = bucket_of(took.total_seconds())
        kind = Kind(measure, _hour(at), stage or "", code, self._model, self._prompt_version, bucket)
        return Observation(kind, microseconds=max(took // MICROSECOND, 0))


def _worked_on(event: Event) -> Stage | None:
    """The stage of the work that an event ends. So `storing`, 80 %, is appended when the image is stored."""
    match event:
        case ResultStored() | StageAdvanced(stage=Stage.STORING | Stage.WATERMARKING):
            return Stage.STORING
        case PreviewStored() | StageAdvanced(stage=Stage.COMPLETE):
            return Stage.WATERMARKING
        case StageAdvanced(progress=30):
            return Stage.VALIDATING
        case StageAdvanced(stage=Stage.GENERATING):
            return Stage.GENERATING
        case AttemptFailed(stage=stage) | Failed(stage=stage) if stage in FINISHED_AT:
            return stage
        case _:
            return None


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
