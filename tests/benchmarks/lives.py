"""Whole lives of uploads, made by the domain's own commands: twelve events from the submission to the end."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid4

from eventsourcing.persistence import Mapper, StoredEvent

from domain.events import Event, StoredImage
from domain.fold import evolve
from domain.mapper import EventMapper
from domain.objects import PictureKind, picture_key
from domain.stages import Stage
from domain.upload import Upload
from domain.uploads import Uploads
from tests.benchmarks.bench import picture
from tests.submissions import run_to

WORKER: Final = "worker:bench"
SESSION_HASH: Final = sha256(b"a session of the benchmarks").hexdigest()
EVENTS: Final = 12
OURS: Final = EventMapper()
STEPS: Final = (
    (Stage.VALIDATING, 10),
    (Stage.GENERATING, 30),
    (Stage.GENERATING, 45),
    (Stage.GENERATING, 55),
    (Stage.GENERATING, 70),
    (Stage.STORING, 80),
    (Stage.WATERMARKING, 90),
    (Stage.COMPLETE, 100),
)


def life(session_hash: str = SESSION_HASH) -> list[Event]:
    """The twelve events of an upload that goes well."""
    return list(_events(uuid4(), session_hash))


def crowd(count: int, together: int = 100, mapper: Mapper[UUID] = OURS) -> Iterator[list[StoredEvent]]:
    """That many lives, as a log keeps them, a list of events for so many uploads that are under way together."""
    for begin in range(0, count, together):
        beside = [life() for _ in range(min(together, count - begin))]
        yield [mapper.to_stored_event(event) for step in zip(*beside, strict=True) for event in step]


def _events(upload_id: UUID, session_hash: str) -> Iterator[Event]:
    first = Upload.submit(
        upload_id,
        by=f"session:{session_hash[:16]}",
        correlation_id=uuid4().hex,
        session_hash=session_hash,
        original_sha256=SESSION_HASH,
        original_size=123_456,
        prompt_version=1,
    )
    yield first
    upload = evolve(None, first)
    yield (event := upload.start_attempt(by=WORKER))
    upload = evolve(upload, event)
    for stage, progress in STEPS:
        for decided in _step(upload, stage):
            yield decided
            upload = evolve(upload, decided)
        if advanced := upload.advance(stage, progress, attempt=upload.attempt, by=WORKER):
            yield advanced
            upload = evolve(upload, advanced)


def _step(upload: Upload, stage: Stage) -> Iterator[Event]:
    if stage is Stage.STORING:
        yield upload.store_result(uuid4(), "local/bench", _record(upload.id, "full"), attempt=1, by=WORKER)
    if stage is Stage.COMPLETE:
        yield upload.store_preview(_record(upload.id, "preview"), attempt=1, by=WORKER)


def go_through(uploads: Uploads, upload_id: UUID) -> None:
    """What a run of the pipeline appends, through the application; there are no pictures to make."""
    run_to(uploads, upload_id, steps=STEPS, keep=_record, by=WORKER)


def _record(upload_id: UUID, kind: PictureKind) -> StoredImage:
    return picture(picture_key(upload_id, kind, SESSION_HASH))
