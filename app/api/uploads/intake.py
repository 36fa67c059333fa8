"""Stores the original in the object storage, then appends the submission to the log, exactly once for a key.

Both steps run in one thread, so that a client that disconnects cannot separate them. It does not know HTTP.
"""

from contextlib import suppress
from typing import Final
from uuid import UUID, uuid4, uuid5

import structlog

from app.api.uploads.photo import Photo
from app.signing.sessions import Session
from domain.errors import DarkroomError, IdempotencyConflictError, UploadNotFoundError
from domain.objects import original_key
from domain.ports import BlobStore
from domain.uploads import Uploads

NAMESPACE: Final = UUID("6d0a3f0e-5f43-4b5e-9c39-0b2f6f1f5a57")
"""The namespace of upload ids made from idempotency keys. It may never change."""

log = structlog.get_logger(__name__)


class Intake:
    """Creates uploads from photos, with the given prompt version."""

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
        original = original_key(upload_id, photo.sha256)
        self._blobs.put(original, photo.content, photo.media_type)
        try:
            self._submit(upload_id, photo, session, correlation_id)
        except IdempotencyConflictError:
            # Another photo with this key was first. It has its own object, so this one is never read.
            self._discard(original)
            raise
        log.info("upload.submitted", size=photo.size)
        return upload_id

    def _upload_id(self, session: Session, idempotency_key: str | None) -> UUID:
        """A session and key lead to one id, and the log accepts one first event for an id."""
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
        # After any other error the submission may still be in the log (a connection lost after its COMMIT), so the
        # original stays: an unused object is better than an upload without its original.
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
