"""The peer of our aggregate: an upload as the eventsourcing library's documentation writes one, with decorated methods.

Its events hold the same facts as ours, and its command refuses what ours refuses. Events are the library's own classes,
stored by its mapper as JSON; a picture is a value object with a transcoding. Loading one calls the methods again. Our
decoder checks the type and the bounds of every fact besides; the library's does not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final
from uuid import UUID, uuid4

from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import (
    DatetimeAsISO,
    DecimalAsStr,
    JSONTranscoder,
    Mapper,
    StoredEvent,
    Transcoding,
    UUIDAsHex,
)

from domain.errors import ProgressOutOfBandError, RefusedError
from domain.stages import BANDS, Stage, rank
from domain.state import ATTEMPTS

DIGEST: Final = "a" * 64
BY: Final = {"actor": "worker:bench", "correlation_id": uuid4().hex}
STEPS: Final = (
    (Stage.VALIDATING, 10),
    (Stage.GENERATING, 30),
    (Stage.GENERATING, 45),
    (Stage.GENERATING, 55),
    (Stage.GENERATING, 70),
    (Stage.STORING, 80),
    (Stage.WATERMARKING, 90),
)


@dataclass(frozen=True)
class Picture:
    """A picture in the object storage."""

    key: str
    sha256: str
    size: int
    width: int
    height: int
    media_type: str


class PictureAsDict(Transcoding):
    """How the library's JSON holds one."""

    type = Picture
    name = "picture"

    def encode(self, obj: Picture) -> dict[str, Any]:
        """Its facts."""
        return dict(obj.__dict__)

    def decode(self, data: dict[str, Any]) -> Picture:
        """The picture."""
        return Picture(**data)


class StageAsText(Transcoding):
    """How the library's JSON holds a stage."""

    type = Stage
    name = "stage"

    def encode(self, obj: Stage) -> str:
        """Its name."""
        return obj.value

    def decode(self, data: str) -> Stage:
        """The stage."""
        return Stage(data)


class Photo(Aggregate):
    """One upload."""

    @event("Submitted")
    def __init__(
        self,
        event_id: UUID,
        actor: str,
        correlation_id: str,
        session_hash: str,
        original_sha256: str,
        original_size: int,
        prompt_version: int,
    ) -> None:
        self.correlation_id = correlation_id
        self.session_hash = session_hash
        self.original_sha256 = original_sha256
        self.original_size = original_size
        self.prompt_version = prompt_version
        self.attempt = 0
        self.attempts_left = ATTEMPTS
        self.lost = 0
        self.running = False
        self.reached: Stage | None = None
        self.progress = 0
        self.preview: Picture | None = None

    @event("AttemptStarted")
    def start_attempt(self, event_id: UUID, actor: str, correlation_id: str, attempt: int) -> None:
        """Begin a run."""
        self.attempts_left = max(self.attempts_left - (not self.running), 0)
        self.lost += self.running
        self.attempt = attempt
        self.running = True

    def advance(self, stage: Stage, progress: int, *, attempt: int) -> None:
        """Reach a stage or more progress, where our own command would."""
        if not self.running or attempt != self.attempt:
            raise RefusedError("The attempt is over.")
        if progress not in BANDS.get(stage, ()):
            raise ProgressOutOfBandError(f"{progress} lies outside of the progress band of {stage}.")
        if not 0 <= rank(stage) - rank(self.reached) <= 1 or progress < self.progress:
            raise RefusedError(f"{stage} {progress} does not follow {self.reached} {self.progress}.")
        if stage is Stage.COMPLETE and not self.preview:
            raise RefusedError("There is no preview.")
        if (stage, progress) != (self.reached, self.progress):
            self._advance(event_id=uuid4(), **BY, attempt=attempt, stage=stage, progress=progress)

    @event("StageAdvanced")
    def _advance(
        self, event_id: UUID, actor: str, correlation_id: str, attempt: int, stage: Stage, progress: int
    ) -> None:
        self.running = self.running and stage is not Stage.COMPLETE
        self.lost = self.lost if stage is self.reached else 0
        self.reached = stage
        self.progress = progress

    @event("ResultStored")
    def store_result(
        self,
        event_id: UUID,
        actor: str,
        correlation_id: str,
        attempt: int,
        result_id: UUID,
        model: str,
        full: Picture,
    ) -> None:
        """Record the full image."""
        self.result_id, self.model, self.full = result_id, model, full

    @event("PreviewStored")
    def store_preview(self, event_id: UUID, actor: str, correlation_id: str, attempt: int, preview: Picture) -> None:
        """Record the preview."""
        self.preview = preview


def load() -> Callable[[], object]:
    """A function that loads the twelve events of one upload."""
    mapper = _mapper()
    photo = _lived()
    photo.advance(Stage.COMPLETE, 100, attempt=1)
    stored = [mapper.to_stored_event(happened) for happened in photo.collect_events()]
    return lambda: _loaded(mapper, stored)


def load_and_advance() -> Callable[[], object]:
    """A function that loads eleven events of one upload and makes the twelfth."""
    mapper = _mapper()
    stored = [mapper.to_stored_event(happened) for happened in _lived().collect_events()]

    def work() -> object:
        photo = _loaded(mapper, stored)
        photo.advance(Stage.COMPLETE, 100, attempt=1)
        return [mapper.to_stored_event(happened) for happened in photo.collect_events()]

    return work


def _mapper() -> Mapper[UUID]:
    transcoder = JSONTranscoder()
    for transcoding in (UUIDAsHex(), DecimalAsStr(), DatetimeAsISO(), PictureAsDict(), StageAsText()):
        transcoder.register(transcoding)
    return Mapper(transcoder)


def _loaded(mapper: Mapper[UUID], stored: Sequence[StoredEvent]) -> Photo:
    events = map(mapper.to_domain_event, stored)
    photo = reduce(lambda before, happened: happened.mutate(before), events, None)  # type: ignore[attr-defined] # a stored event of an aggregate
    assert isinstance(photo, Photo)
    return photo


def _lived() -> Photo:
    photo = Photo(uuid4(), **BY, session_hash=DIGEST, original_sha256=DIGEST, original_size=123_456, prompt_version=1)
    photo.start_attempt(event_id=uuid4(), **BY, attempt=1)
    picture = Picture(f"uploads/{photo.id}/full/{DIGEST}", DIGEST, 33, 640, 480, "image/jpeg")
    for stage, progress in STEPS:
        if stage is Stage.STORING:
            photo.store_result(event_id=uuid4(), **BY, attempt=1, result_id=uuid4(), model="local/bench", full=picture)
        photo.advance(stage, progress, attempt=1)
    photo.store_preview(event_id=uuid4(), **BY, attempt=1, preview=picture)
    return photo
