"""Builds the state of an upload from its events. A pure function that checks only that versions are contiguous."""

from collections.abc import Iterable
from functools import reduce

from msgspec.structs import replace

from domain.errors import HistoryError
from domain.events import (
    AttemptFailed,
    AttemptStarted,
    Erased,
    Event,
    Expired,
    Failed,
    Noted,
    PreviewStored,
    PutOff,
    Requeued,
    ResultStored,
    Retried,
    StageAdvanced,
    Submitted,
)
from domain.failures import NOT_COUNTED
from domain.stages import Stage
from domain.state import ATTEMPTS, Result
from domain.upload import Upload


def fold(upload: Upload | None, events: Iterable[Event]) -> Upload | None:
    """The state after the events; passed to the repository of the library as its projector function."""
    return reduce(evolve, events, upload)


def evolve(upload: Upload | None, event: Event) -> Upload:  # noqa: C901, PLR0911, PLR0912 - one case an event
    """The state after one more event. Raises HistoryError if a version is missing or the event cannot be applied."""
    if isinstance(event, Submitted):
        return Upload(
            id=event.originator_id,
            version=event.originator_version,
            session_hash=event.session_hash,
            correlation_id=event.correlation_id,
            original_sha256=event.original_sha256,
            original_size=event.original_size,
            prompt_version=event.prompt_version,
        )
    if upload is None or event.originator_version != upload.version + 1:
        raise HistoryError(f"Version {event.originator_version} does not follow {upload and upload.version}.")
    then = {"version": event.originator_version}
    match event:
        case StageAdvanced():
            running = upload.running and event.stage is not Stage.COMPLETE
            # Reaching a new stage shows that the upload does not crash workers at the old one, so the count restarts.
            lost = upload.lost if event.stage is upload.reached else 0
            return replace(upload, **then, reached=event.stage, progress=event.progress, running=running, lost=lost)
        case AttemptStarted():
            # If an attempt is still running, its worker was lost, and it has been subtracted from attempts_left.
            left = max(upload.attempts_left - (not upload.running), 0)
            begun = {"attempt": event.attempt, "running": True, "retry_at": None, "waiting_for": None}
            return replace(upload, **then, **begun, attempts_left=left, lost=upload.losses)
        case ResultStored():
            return replace(upload, **then, result=Result(event.result_id, event.model, event.full))
        case PreviewStored() if upload.result:
            return replace(upload, **then, result=replace(upload.result, preview=event.preview))
        case AttemptFailed():
            left = upload.attempts_left + (event.code in NOT_COUNTED)
            waiting = {"retry_at": event.retry_at, "waiting_for": event.code}
            return replace(upload, **then, **waiting, running=False, attempts_left=left)
        case PutOff():
            return replace(upload, **then, retry_at=event.retry_at, waiting_for=event.code)
        case Requeued():
            return replace(upload, **then, retry_at=None, waiting_for=None)
        case Noted():
            return replace(upload, **then)
        case Failed():
            error = {"error_code": event.code, "error_message": event.message, "failed_stage": event.stage}
            return replace(upload, **then, **error, running=False, retry_at=None, waiting_for=None)
        case Expired():
            return replace(upload, **then, expired=event.objects)
        case Erased():
            # Without a session hash, no session finds the upload.
            return replace(upload, **then, session_hash="", original_sha256="", result=None)
        case Retried():
            error = {"error_code": None, "error_message": None, "failed_stage": None}
            return replace(upload, **then, **error, attempts_left=ATTEMPTS, lost=0)
        case _:
            raise HistoryError(f"{event.NAME} cannot be applied to version {upload.version}.")
