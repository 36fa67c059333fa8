"""Takes a photo in: the original into the object storage, then the submission into the log, exactly once for a key.

It runs in one thread from the first step to the last, so that a client that goes away cannot part the two.
It knows no HTTP.
"""

from contextlib import suppress
from typing import Final
from uuid import UUID, uuid4, uuid5

import structlog

from app.api.uploads.photo import Photo
from app.signing.sessions import Session
from domain.errors import DarkroomError, IdempotencyConflictError, UploadNotFoundError
from domain.ports import BlobStore
from domain.uploads import Uploads

NAMESPACE: Final = UUID("6d0a3f0e-5f43-4b5e-9c39-0b2f6f1f5a57")
"""Of the ids that idempotency keys lead to; it may never change."""

log = structlog.get_logger(__name__)


class Intake:
    """Takes photos in. New uploads are generated with the given version of the prompt."""

    def __init__(self, uploads: Uploads, blobs: BlobStore, prompt_version: int) -> None:
        self._uploads = uploads
        self._blobs = blobs
        self._prompt_version = prompt_version

    def take(self, photo: Photo, session: Session, *, idempotency_key: str | None, correlation_id: str) -> UUID:
        """The id of the photo's upload. Raises IdempotencyConflictError, UnavailableError, StorageRefusedError."""
        upload_id = self._upload_id(session, idempotency_key)
        structlog.contextvars.bind_contextvars(upload_id=str(upload_id))
        if idempotency_key is not None and self._is_taken_in(upload_id, photo):
            return upload_id
        original = f"{upload_id}/original-{photo.sha256[:16]}"
        self._blobs.put(original, photo.content, photo.media_type)
        try:
            self._submit(upload_id, photo, session, correlation_id)
        except IdempotencyConflictError:
            # Another photo was first. It has a key of its own in the storage; nobody will ask for this one.
            self._discard(original)
            raise
        log.info("upload.submitted", size=photo.size)
        return upload_id

    def _upload_id(self, session: Session, idempotency_key: str | None) -> UUID:
        """The log takes a first event once for an id, and so one submission for a session and key."""
        return uuid4() if idempotency_key is None else uuid5(NAMESPACE, f"{session.id}:{idempotency_key}")

    def _is_taken_in(self, upload_id: UUID, photo: Photo) -> bool:
        try:
            first = self._uploads.get(upload_id)
        except UploadNotFoundError:
            return False
        if first.original_sha256 != photo.sha256:
            raise IdempotencyConflictError
        return True

    def _submit(self, upload_id: UUID, photo: Photo, session: Session, correlation_id: str) -> None:
        # After any other error the submission may be in the log all the same (a connection lost after its COMMIT):
        # an original that nobody asks for is better than an upload without its original.
        self._uploads.submit(
            upload_id,
            session_hash=session.hash,
            original_sha256=photo.sha256,
            original_size=photo.size,
            prompt_version=self._prompt_version,
            correlation_id=correlation_id,
            by=session.actor,
        )

    def _discard(self, key: str) -> None:
        with suppress(DarkroomError):
            self._blobs.delete(key)
