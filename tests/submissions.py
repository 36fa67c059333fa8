"""Uploads in a log, made by the domain's own commands: handed in, and taken through the stages as a run does it."""

import io
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid4

from domain.events import StoredImage
from domain.objects import PictureKind, original_key, picture_key
from domain.ports import BlobStore
from domain.stages import Stage
from domain.upload import Upload
from domain.uploads import Uploads
from tests.unit.histories import PROGRESS

WORKER: Final = "worker:test"
SESSION_HASH: Final = sha256(b"a session").hexdigest()
Keep = Callable[[UUID, PictureKind], StoredImage]
"""Stores a picture of an upload."""


def submit(
    uploads: Uploads,
    upload_id: UUID | None = None,
    *,
    session_hash: str = SESSION_HASH,
    original: bytes = b"original",
    correlation_id: str = "c-1",
) -> Upload:
    """Append a submission."""
    return uploads.submit(
        upload_id or uuid4(),
        session_hash=session_hash,
        original_sha256=sha256(original).hexdigest(),
        original_size=len(original),
        prompt_version=1,
        correlation_id=correlation_id,
        by=f"session:{session_hash[:16]}",
    )


def hand_in(uploads: Uploads, blobs: BlobStore, original: bytes, session_hash: str = SESSION_HASH) -> UUID:
    """Store a photo and append its submission, as the API does."""
    upload_id = uuid4()
    blobs.put(original_key(upload_id, sha256(original).hexdigest()), io.BytesIO(original), "image/jpeg")
    return submit(uploads, upload_id, session_hash=session_hash, original=original).id


def unkept(upload_id: UUID, kind: PictureKind) -> StoredImage:
    """The record of a picture that does not exist."""
    return StoredImage(picture_key(upload_id, kind, "a" * 64), "a" * 64, 1000, 640, 480, "image/jpeg")


def run_to(
    uploads: Uploads,
    upload_id: UUID,
    last: Stage = Stage.COMPLETE,
    *,
    steps: Iterable[tuple[Stage, int]] = tuple(PROGRESS.items()),
    keep: Keep = unkept,
    by: str = WORKER,
) -> Upload:
    """One attempt, up to a stage; it goes on from what was reached before."""
    upload = uploads.start_attempt(uploads.get(upload_id), by=by)
    attempt = upload.attempt
    for stage, progress in steps:
        if progress > upload.progress:
            if stage is Stage.STORING:
                uploads.execute(
                    upload_id,
                    Upload.store_result,
                    uuid4(),
                    "local/test",
                    keep(upload_id, "full"),
                    attempt=attempt,
                    by=by,
                )
            if stage is Stage.COMPLETE:
                uploads.execute(upload_id, Upload.store_preview, keep(upload_id, "preview"), attempt=attempt, by=by)
            upload = uploads.execute(upload_id, Upload.advance, stage, progress, attempt=attempt, by=by)
        if stage is last:
            break
    return upload
