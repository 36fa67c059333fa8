"""Uploads with a history in a real log, for the tests of its readers."""

from uuid import UUID, uuid4

from domain.events import StoredImage
from domain.stages import PIPELINE, Stage
from domain.upload import Upload
from domain.uploads import Uploads
from tests.unit.histories import PROGRESS

WORKER = "worker:test"


def submit(uploads: Uploads, upload_id: UUID | None = None, *, session_hash: str = "e" * 64) -> Upload:
    """Append a submission."""
    return uploads.submit(
        upload_id or uuid4(),
        session_hash=session_hash,
        original_sha256="f" * 64,
        original_size=123,
        prompt_version=1,
        correlation_id="c-1",
        by="session:abc",
    )


def image(upload_id: UUID, kind: str) -> StoredImage:
    """The record of a picture that does not exist."""
    return StoredImage(f"{upload_id}/{kind}-{'a' * 16}.jpg", "a" * 64, 1000, 640, 480, "image/jpeg")


def run_to(uploads: Uploads, upload: Upload, stage: Stage) -> Upload:
    """Start an attempt and go through every stage up to this one."""
    upload = uploads.start_attempt(upload.id, by=WORKER)
    attempt = upload.attempt
    for step in PIPELINE[: PIPELINE.index(stage) + 1]:
        if step is Stage.STORING:
            uploads.store_result(upload.id, uuid4(), "local/test", image(upload.id, "full"), attempt=attempt, by=WORKER)
        if step is Stage.COMPLETE:
            uploads.store_preview(upload.id, image(upload.id, "preview"), attempt=attempt, by=WORKER)
        upload = uploads.advance(upload.id, step, PROGRESS[step], attempt=attempt, by=WORKER)
    return upload
