"""The peer of our aggregate: an upload as the eventsourcing library's documentation writes one, with decorated methods.

Events are the library's own classes, stored by its mapper as JSON. Loading one calls the methods again.
"""

from collections.abc import Callable
from functools import reduce
from typing import Final
from uuid import UUID, uuid4

from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import DatetimeAsISO, DecimalAsStr, JSONTranscoder, Mapper, UUIDAsHex

DIGEST: Final = "a" * 64
STEPS: Final = (
    ("validating", 10),
    ("generating", 30),
    ("generating", 45),
    ("generating", 55),
    ("generating", 70),
    ("storing", 80),
    ("watermarking", 90),
)


class Photo(Aggregate):
    """One upload."""

    @event("Submitted")
    def __init__(self, session_hash: str, original_sha256: str, original_size: int, prompt_version: int) -> None:
        self.session_hash = session_hash
        self.original_sha256 = original_sha256
        self.original_size = original_size
        self.prompt_version = prompt_version
        self.attempt = 0
        self.stage = ""
        self.progress = 0

    @event("AttemptStarted")
    def start_attempt(self, attempt: int) -> None:
        """Begin a run."""
        self.attempt = attempt

    @event("StageAdvanced")
    def advance(self, stage: str, progress: int) -> None:
        """Go on."""
        self.stage = stage
        self.progress = max(self.progress, progress)

    @event("ResultStored")
    def store_result(self, result_id: UUID, model: str, key: str, sha256: str, size: int) -> None:
        """Record the full image."""
        self.result_id, self.model, self.full = result_id, model, (key, sha256, size)

    @event("PreviewStored")
    def store_preview(self, key: str, sha256: str, size: int) -> None:
        """Record the preview."""
        self.preview = (key, sha256, size)


def load_and_advance() -> Callable[[], object]:
    """A function that loads eleven events of one upload and makes the twelfth."""
    transcoder = JSONTranscoder()
    for transcoding in (UUIDAsHex(), DecimalAsStr(), DatetimeAsISO()):
        transcoder.register(transcoding)
    mapper: Mapper[UUID] = Mapper(transcoder)
    stored = [mapper.to_stored_event(happened) for happened in _lived().collect_events()]

    def work() -> object:
        events = map(mapper.to_domain_event, stored)
        photo = reduce(lambda before, happened: happened.mutate(before), events, None)  # type: ignore[attr-defined] # a stored event of an aggregate
        assert isinstance(photo, Photo)
        photo.advance("complete", 100)
        return [mapper.to_stored_event(happened) for happened in photo.collect_events()]

    return work


def _lived() -> Photo:
    photo = Photo(DIGEST, DIGEST, 123_456, 1)
    photo.start_attempt(1)
    for stage, progress in STEPS:
        if stage == "storing":
            photo.store_result(uuid4(), "local/bench", "a/full", DIGEST, 33)
        photo.advance(stage, progress)
    photo.store_preview("a/preview", DIGEST, 33)
    return photo
