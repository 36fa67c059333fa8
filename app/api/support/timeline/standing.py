"""What will happen next to an upload, in one sentence, if no person does anything."""

from datetime import UTC

from domain.failures import NEEDS_NEW_PHOTO
from domain.stages import Status
from domain.upload import Upload


def next_for(upload: Upload, worker: str | None) -> str:  # noqa: PLR0911 - one sentence a state
    """The sentence. `worker` holds the upload now."""
    if upload.erased:
        return "Nothing: it is erased."
    if upload.status is Status.COMPLETED:
        return "Nothing: it is complete."
    if upload.status is Status.FAILED:
        if upload.error_code in NEEDS_NEW_PHOTO or upload.expired:
            return "Nothing: only another photo can help."
        return "Nothing by itself: it has failed. A retry goes on from the stage that failed."
    if upload.running and worker:
        return f"The worker {worker} goes on with it."
    if upload.running:
        return f"Its worker is gone. Attempt {upload.attempt + 1} begins by itself, within about 20 s of the loss."
    if upload.retry_at:
        when = upload.retry_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return f"Attempt {upload.attempt + 1} begins by itself after {when}. A requeue lets it begin now."
    return f"Attempt {upload.attempt + 1} begins as soon as a worker is free."
