"""Stores the original in the object storage, then appends the submission to the log, exactly once for a key.

Both steps run in one thread, so that a client that disconnects cannot separate them. It does not know HTTP.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID, uuid4, uuid5

import structlog

from app.api.http.services import Services
from app.api.uploads.photo import Photo
from app.signing.sessions import Session
from domain.errors import DarkroomError, IdempotencyConflictError, UploadNotFoundError
from domain.objects import original_key

NAMESPACE: Final = UUID("6d0a3f0e-5f43-4b5e-9c39-0b2f6f1f5a57")
"""The namespace of upload ids made from idempotency keys. It may never change."""

KEY_LIFETIME: Final = timedelta(hours=24)
"""How long an idempotency key finds its first submission."""

Sender = Callable[[str], Session]
"""The session of a submission, by its idempotency key with the day of its first use."""

log = structlog.get_logger(__name__)


class Taken(NamedTuple):
    """A photo that was taken in, now or before, and the session that owns it."""

    upload_id: UUID
    session: Session


class Intake:
    """Creates uploads from photos, with the given prompt version."""

    def __init__(self, services: Services) -> None:
        self._uploads = services.uploads
        self._blobs = services.blobs
        self._history = services.history
        self._prompt_version = services.prompt_version
        self._clock = services.clock
        self._put_behind = services.put_behind

    def take(
        self, photo: Photo, sender: Sender, *, idempotency_key: str | None, correlation_id: str, behind: bool = False
    ) -> Taken:
        """Take the photo in; `behind` the first ones of other clients.

        Raises IdempotencyConflictError, UnavailableError, StorageRefusedError.
        """
        if idempotency_key is None:
            return self._take_in(photo, sender(""), uuid4(), correlation_id, behind=behind)
        # A key lives KEY_LIFETIME: it may be in use since yesterday, and after that it is a new one.
        today = int(self._clock().timestamp() // KEY_LIFETIME.total_seconds())
        keys = [f"{idempotency_key}:{day}" for day in (today - 1, today)]
        before, session = map(sender, keys)
        yesterdays, upload_id = (
            uuid5(NAMESPACE, f"{by.id}:{key}") for by, key in zip((before, session), keys, strict=True)
        )
        if self._is_taken_in(yesterdays, photo, since=self._clock() - KEY_LIFETIME):
            return Taken(yesterdays, before)
        if self._is_taken_in(upload_id, photo):
            return Taken(upload_id, session)
        return self._take_in(photo, session, upload_id, correlation_id, behind=behind)

    def _take_in(self, photo: Photo, session: Session, upload_id: UUID, correlation_id: str, *, behind: bool) -> Taken:
        structlog.contextvars.bind_contextvars(upload_id=str(upload_id))
        original = original_key(upload_id, photo.sha256)
        self._blobs.put(original, photo.content, photo.media_type)
        if behind:
            self._put_behind(upload_id)  # before the dispatcher reads the submission
        try:
            self._submit(upload_id, photo, session, correlation_id)
        except IdempotencyConflictError:
            # Another photo with this key was first. It has its own object, so this one is never read.
            self._discard(original)
            raise
        log.info("upload.submitted", size=photo.size)
        return Taken(upload_id, session)

    def _is_taken_in(self, upload_id: UUID, photo: Photo, since: datetime | None = None) -> bool:
        """Whether the key made this upload, by its first event at `since` or later. The log has one first event."""
        try:
            first = self._uploads.get(upload_id)
        except UploadNotFoundError:
            return False
        if since and self._history(upload_id)[0].recorded_at < since:
            return False
        structlog.contextvars.bind_contextvars(upload_id=str(upload_id))
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
