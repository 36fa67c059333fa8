"""Builds the state of an upload from its events. A pure function that checks only that versions are contiguous."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

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
from domain.stages import COMPLETE
from domain.state import ATTEMPTS, Result
from domain.upload import Upload


def fold(upload: Upload | None, events: Iterable[Event]) -> Upload | None:
    """The state after the events. Raises HistoryError if a version is missing or an event cannot be applied."""
    for event in events:
        version = event.originator_version
        if upload is None:
            upload = _submitted(event, version)
            continue
        if version != upload.version + 1:
            raise HistoryError(f"Version {version} does not follow {upload.version}.")
        change = _CHANGES.get(type(event))
        if change is None:
            raise HistoryError(f"{event.NAME} cannot be applied to version {upload.version}.")
        upload = change(upload, event, version)
    return upload


def evolve(upload: Upload | None, event: Event) -> Upload:
    """The state after one more event. Raises HistoryError as `fold` does."""
    return cast("Upload", fold(upload, (event,)))


def _submitted(event: Event, version: int) -> Upload:
    if not isinstance(event, Submitted):
        raise HistoryError(f"Version {version} does not follow None.")
    return Upload(
        id=event.originator_id,
        version=version,
        session_hash=event.session_hash,
        correlation_id=event.correlation_id,
        original_sha256=event.original_sha256,
        original_size=event.original_size,
        prompt_version=event.prompt_version,
    )


def _advanced(upload: Upload, event: StageAdvanced, version: int) -> Upload:
    stage = event.stage
    return replace(
        upload,
        version=version,
        reached=stage,
        progress=event.progress,
        running=upload.running and stage is not COMPLETE,
        # Reaching a new stage shows that the upload does not crash workers at the old one, so the count restarts.
        lost=upload.lost if stage is upload.reached else 0,
    )


def _attempt_started(upload: Upload, event: AttemptStarted, version: int) -> Upload:
    return replace(
        upload,
        version=version,
        attempt=event.attempt,
        # If an attempt is still running, its worker was lost, and it has been subtracted from attempts_left.
        attempts_left=max(upload.attempts_left - (not upload.running), 0),
        lost=upload.losses,
        running=True,
        retry_at=None,
        waiting_for=None,
    )


def _result_stored(upload: Upload, event: ResultStored, version: int) -> Upload:
    return replace(upload, version=version, result=Result(event.result_id, event.model, event.full))


def _preview_stored(upload: Upload, event: PreviewStored, version: int) -> Upload:
    if upload.result is None:
        raise HistoryError(f"{event.NAME} cannot be applied to version {upload.version}.")
    return replace(upload, version=version, result=replace(upload.result, preview=event.preview))


def _attempt_failed(upload: Upload, event: AttemptFailed, version: int) -> Upload:
    left = upload.attempts_left + (event.code in NOT_COUNTED)
    waiting = {"retry_at": event.retry_at, "waiting_for": event.code}
    return replace(upload, version=version, running=False, attempts_left=left, **waiting)


def _put_off(upload: Upload, event: PutOff, version: int) -> Upload:
    return replace(upload, version=version, retry_at=event.retry_at, waiting_for=event.code)


def _requeued(upload: Upload, _: Requeued, version: int) -> Upload:
    return replace(upload, version=version, retry_at=None, waiting_for=None)


def _noted(upload: Upload, _: Noted, version: int) -> Upload:
    return replace(upload, version=version)


def _failed(upload: Upload, event: Failed, version: int) -> Upload:
    error = {"error_code": event.code, "error_message": event.message, "failed_stage": event.stage}
    return replace(upload, version=version, running=False, retry_at=None, waiting_for=None, **error)


def _expired(upload: Upload, event: Expired, version: int) -> Upload:
    return replace(upload, version=version, expired=event.objects)


def _erased(upload: Upload, _: Erased, version: int) -> Upload:
    # Without a session hash, no session finds the upload.
    return replace(upload, version=version, session_hash="", original_sha256="", result=None)


def _retried(upload: Upload, _: Retried, version: int) -> Upload:
    error = {"error_code": None, "error_message": None, "failed_stage": None}
    return replace(upload, version=version, attempts_left=ATTEMPTS, lost=0, **error)


_CHANGES: Final[Mapping[type[Event], Callable[[Upload, Any, int], Upload]]] = {
    StageAdvanced: _advanced,
    AttemptStarted: _attempt_started,
    ResultStored: _result_stored,
    PreviewStored: _preview_stored,
    AttemptFailed: _attempt_failed,
    PutOff: _put_off,
    Requeued: _requeued,
    Noted: _noted,
    Failed: _failed,
    Expired: _expired,
    Erased: _erased,
    Retried: _retried,
}
"""What each event changes: the state before, the event, and the version that follows. A table is as quick for all."""
