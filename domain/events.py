"""The events of an upload. Each is immutable and has a name and a schema version.

Stored names and JSON never change: tests/golden keeps one file for each version ever written.
An event contains no personal data: no filename, no address, no token.
"""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta, Struct

from domain.failures import FailureCode
from domain.objects import Expiry
from domain.stages import Stage

Count = Annotated[int, Meta(ge=0, lt=2**31)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Bytes = Annotated[int, Meta(ge=0)]  # int64 is the bound of what is decoded


class StoredImage(Struct, frozen=True, gc=False):
    """A picture in the object storage: its key, the SHA-256 and size in bytes of its content, its size in pixels."""

    key: str
    sha256: str
    size: Bytes
    width: Count
    height: Count
    media_type: str


class Event(Struct, frozen=True, gc=False):
    """The fields of every event: upload, version, event id, actor, and the correlation id of the request or run."""

    NAME: ClassVar[str]
    SCHEMA_VERSION: ClassVar[int] = 1

    originator_id: UUID
    originator_version: int
    event_id: UUID
    actor: str
    correlation_id: str


class Submitted(Event, frozen=True, gc=False):
    """A session submitted a photo."""

    NAME: ClassVar[str] = "upload.submitted"

    session_hash: str
    original_sha256: str
    original_size: Bytes
    prompt_version: Count


class AttemptStarted(Event, frozen=True, gc=False):
    """A run of the pipeline began. Attempts count from 1 and continue across retries."""

    NAME: ClassVar[str] = "upload.attempt-started"

    attempt: Count


class StageAdvanced(Event, frozen=True, gc=False):
    """The upload reached a stage, or its progress within the stage rose. Progress is in percent."""

    NAME: ClassVar[str] = "upload.stage-advanced"

    attempt: Count
    stage: Stage
    progress: Percent


class ResultStored(Event, frozen=True, gc=False):
    """The full image was stored and verified by reading it back."""

    NAME: ClassVar[str] = "upload.result-stored"

    attempt: Count
    result_id: UUID
    model: str
    full: StoredImage


class PreviewStored(Event, frozen=True, gc=False):
    """The watermarked preview of the result was stored and verified by reading it back."""

    NAME: ClassVar[str] = "upload.preview-stored"

    attempt: Count
    preview: StoredImage


class AttemptFailed(Event, frozen=True, gc=False):
    """A temporary failure ended the attempt. The next attempt may begin at `retry_at`."""

    NAME: ClassVar[str] = "upload.attempt-failed"

    attempt: Count
    stage: Stage | None
    code: FailureCode
    retry_at: datetime


class PutOff(Event, frozen=True, gc=False):
    """The next attempt was postponed for a reason outside the upload. It may begin at `retry_at`."""

    NAME: ClassVar[str] = "upload.put-off"

    stage: Stage | None
    code: FailureCode
    retry_at: datetime


class Failed(Event, frozen=True, gc=False):
    """The upload failed in the given stage; None before the first stage. A cancel by staff has a reason."""

    NAME: ClassVar[str] = "upload.failed"
    SCHEMA_VERSION: ClassVar[int] = 2

    stage: Stage | None
    code: FailureCode
    message: str
    reason: str | None
    request_id: str | None


class Retried(Event, frozen=True, gc=False):
    """A retry of a failed upload was requested. Staff give a reason; the owner needs none."""

    NAME: ClassVar[str] = "upload.retried"
    SCHEMA_VERSION: ClassVar[int] = 2

    reason: str | None
    request_id: str | None


class Requeued(Event, frozen=True, gc=False):
    """Staff asked for the next attempt now: the dispatcher enqueues a run, and nothing waits for `retry_at`."""

    NAME: ClassVar[str] = "upload.requeued"

    reason: str | None
    request_id: str | None


class Expired(Event, frozen=True, gc=False):
    """The time for which objects of the upload are kept is over, so they are deleted. Its owner still finds it."""

    NAME: ClassVar[str] = "upload.expired"

    objects: Expiry


class Noted(Event, frozen=True, gc=False):
    """Staff wrote a note for their colleagues. It changes nothing, and may follow the end of an upload."""

    NAME: ClassVar[str] = "upload.noted"

    note: str
    request_id: str | None


class Erased(Event, frozen=True, gc=False):
    """The photo and pictures of the upload were deleted, and no session owns it any more. No event follows."""

    NAME: ClassVar[str] = "upload.erased"
    SCHEMA_VERSION: ClassVar[int] = 2

    reason: str | None
    request_id: str | None


EVENTS: dict[str, type[Event]] = {
    event.NAME: event
    for event in (
        Submitted,
        AttemptStarted,
        StageAdvanced,
        ResultStored,
        PreviewStored,
        AttemptFailed,
        PutOff,
        Failed,
        Retried,
        Requeued,
        Expired,
        Noted,
        Erased,
    )
}
"""Every event by its name."""
