"""Runs the commands of uploads. The only way to append to the event log.

It knows the recorder interface of the eventsourcing library, and no database. The recorder keeps both parts of a
`LoggedState`: the state and the envelope.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import reduce
from typing import Concatenate, Final, ParamSpec
from uuid import UUID

from eventsourcing.persistence import AggregateRecorder, RecordConflictError
from msgspec.structs import replace

from domain.errors import (
    AttemptOverError,
    IdempotencyConflictError,
    LogUnavailableError,
    LogUnreachedError,
    UploadNotFoundError,
)
from domain.events import Event
from domain.fold import evolve, fold
from domain.mapper import EventMapper
from domain.ports import Notifier
from domain.staff import UNASKED, StaffRequest
from domain.upload import Upload

P = ParamSpec("P")

Command = Callable[[Upload], Event | None]

CONFLICTS: Final = 8
"""How often a command is run in all, if another writer appends first each time."""


class Uploads:
    """Each command loads one upload, asks it for new events and appends them."""

    def __init__(self, recorder: AggregateRecorder, notifier: Notifier) -> None:
        self._mapper, self._recorder = EventMapper(), recorder
        self._notifier = notifier

    def get(self, upload_id: UUID, version: int | None = None) -> Upload:
        """The upload as it is, or as it was at a version. Raises UploadNotFoundError."""
        stored = self._recorder.select_events(upload_id, lte=version)
        upload = fold(None, [self._mapper.to_domain_event(row) for row in stored])
        if upload is None:
            raise UploadNotFoundError
        return upload

    def submit(
        self,
        upload_id: UUID,
        *,
        session_hash: str,
        original_sha256: str,
        original_size: int,
        prompt_version: int,
        correlation_id: str,
        by: str,
    ) -> Upload:
        """Submit an upload. The same submission again returns the first one. Raises IdempotencyConflictError."""
        event = Upload.submit(
            upload_id,
            by=by,
            correlation_id=correlation_id,
            session_hash=session_hash,
            original_sha256=original_sha256,
            original_size=original_size,
            prompt_version=prompt_version,
        )
        try:
            self._append([event])
        except RecordConflictError:
            existing = self.get(upload_id)
            if (existing.session_hash, existing.original_sha256) != (session_hash, original_sha256):
                raise IdempotencyConflictError from None
            return existing
        return evolve(None, event)

    def start_attempt(self, upload: Upload, *, by: str, then: Sequence[Command] = ()) -> Upload:
        """Start an attempt of an upload as it was just read; what its commands return is appended with the start.

        Raises AttemptOverError if another run starts one meanwhile, AttemptsExhaustedError.
        """
        events = _events_of(upload, [lambda seen: seen.start_attempt(by=by), *then])
        try:
            self._append(events)
        except RecordConflictError:
            raise AttemptOverError("Another run of this upload began at the same time.") from None
        return reduce(evolve, events, upload)

    def go_on(self, upload: Upload, commands: Sequence[Command]) -> Upload:
        """Run commands in their order and append their events together, or none of them. Raises their errors.

        The upload is as the caller left it. If another writer has appended since, it is loaded and they run again.
        """
        if events := _events_of(upload, commands):
            with suppress(RecordConflictError):
                self._append(events)
                return reduce(evolve, events, upload)
        return self._run(upload.id, lambda loaded: _events_of(loaded, commands))

    def execute(
        self,
        upload_id: UUID,
        command: Callable[Concatenate[Upload, P], Event | None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Upload:
        """Run a command of the aggregate, `execute(upload_id, Upload.cancel, by="session:abc")`. Raises its errors."""
        return self._run(upload_id, lambda upload: [command(upload, *args, **kwargs)])

    def erase(self, upload_id: UUID, *, by: str, request: StaffRequest = UNASKED) -> Upload:
        """Record that the photo and pictures are deleted; cancels the upload first if it may still run."""
        cancelling = replace(request, event_id=None)  # the id is that of the erasure

        def cancel_and_erase(upload: Upload) -> list[Event | None]:
            cancelled = None if upload.ended else upload.cancel(by=by, request=cancelling)
            return [cancelled, (evolve(upload, cancelled) if cancelled else upload).erase(by=by, request=request)]

        return self._run(upload_id, cancel_and_erase)

    def _run(self, upload_id: UUID, command: Callable[[Upload], Sequence[Event | None]]) -> Upload:
        for _ in range(CONFLICTS):
            upload = self.get(upload_id)
            events = [event for event in command(upload) if event]
            if not events:
                return upload
            try:
                self._append(events)
            except RecordConflictError:
                continue  # these events are stale: load the upload and run the command again
            return reduce(evolve, events, upload)
        raise LogUnavailableError(f"Upload {upload_id} changed {CONFLICTS} times under this command. Please try again.")

    def _append(self, events: Sequence[Event]) -> None:
        try:
            self._recorder.insert_events([self._mapper.to_stored_event(event) for event in events])
        except LogUnreachedError:
            raise  # nothing was sent
        except (RecordConflictError, LogUnavailableError):
            # If the connection is lost after the COMMIT, the events are stored although this call failed.
            if not self._landed(events[0]):
                raise
        self._notifier.notify({event.NAME for event in events})

    def _landed(self, event: Event) -> bool:
        version = event.originator_version
        stored = self._recorder.select_events(event.originator_id, gt=version - 1, lte=version)
        return any(self._mapper.to_domain_event(row).event_id == event.event_id for row in stored)


def _events_of(upload: Upload, commands: Sequence[Command]) -> list[Event]:
    """What the commands return, each run on the upload as the ones before leave it."""
    events = []
    for command in commands:
        if event := command(upload):
            upload = evolve(upload, event)
            events.append(event)
    return events
