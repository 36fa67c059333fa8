"""The events of an upload: frozen facts, each with a name and a schema version of its own.

Names and JSON are formats for ever: tests/golden keeps one file for every version ever written.
No personal data goes into an event: no filename, no address, no token.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from domain.failures import FailureCode
from domain.stages import Stage


class StoredImage(Struct, frozen=True):
    """A picture in the object storage: its key, the SHA-256 and size in bytes of its content, its size in pixels."""

    key: str
    sha256: str
    size: int
    width: int
    height: int
    media_type: str


class Event(Struct, frozen=True, kw_only=True):
    """What every event says: which upload and version, its own id, who caused it, and as part of what."""

    NAME: ClassVar[str]
    SCHEMA_VERSION: ClassVar[int] = 1

    originator_id: UUID
    originator_version: int
    event_id: UUID
    actor: str
    correlation_id: str


class Submitted(Event, frozen=True, kw_only=True):
    """A session handed in a photo."""

    NAME: ClassVar[str] = "upload.submitted"

    session_hash: str
    original_sha256: str
    original_size: int
    prompt_version: int


class AttemptStarted(Event, frozen=True, kw_only=True):
    """A run of the pipeline began. Attempts count from 1, over retries too."""

    NAME: ClassVar[str] = "upload.attempt-started"

    attempt: int


class StageAdvanced(Event, frozen=True, kw_only=True):
    """The upload reached a stage, or moved on within it. Progress is in percent."""

    NAME: ClassVar[str] = "upload.stage-advanced"

    attempt: int
    stage: Stage
    progress: int


class ResultStored(Event, frozen=True, kw_only=True):
    """The full image is in the object storage, read back and matched."""

    NAME: ClassVar[str] = "upload.result-stored"

    attempt: int
    result_id: UUID
    model: str
    full: StoredImage


class PreviewStored(Event, frozen=True, kw_only=True):
    """The result's watermarked preview is in the object storage, read back and matched."""

    NAME: ClassVar[str] = "upload.preview-stored"

    attempt: int
    preview: StoredImage


class AttemptFailed(Event, frozen=True, kw_only=True):
    """A passing trouble ended the attempt; the next one may begin at `retry_at`."""

    NAME: ClassVar[str] = "upload.attempt-failed"

    attempt: int
    stage: Stage | None
    code: FailureCode
    retry_at: datetime


class PutOff(Event, frozen=True, kw_only=True):
    """The next attempt has to wait for something that is not the upload's own doing; it may begin at `retry_at`."""

    NAME: ClassVar[str] = "upload.put-off"

    stage: Stage | None
    code: FailureCode
    retry_at: datetime


class Failed(Event, frozen=True, kw_only=True):
    """The upload ended in failure, in the given stage; None before the first one."""

    NAME: ClassVar[str] = "upload.failed"

    stage: Stage | None
    code: FailureCode
    message: str


class Retried(Event, frozen=True, kw_only=True):
    """Somebody asked for another try at a failed upload."""

    NAME: ClassVar[str] = "upload.retried"


class Erased(Event, frozen=True, kw_only=True):
    """The upload's photo and pictures were taken away for good, and it is nobody's any more. Nothing follows."""

    NAME: ClassVar[str] = "upload.erased"


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
        Erased,
    )
}
"""Every event by its name."""
