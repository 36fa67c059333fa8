"""The Upload aggregate: the state of an upload, and commands that return new events.

    submitted -> [attempt running <-> waiting for the next attempt] -> complete
                          ^                        |
                          |                        v
                       retried <----------------- failed

An attempt ends in one of two bad ways: it fails, or its worker is lost. Failed attempts end an upload with the code of
the last one. Lost attempts in a row, without a new stage between them, end it with WORKER_LOST. The two are counted
separately, because an upload must not fail for running beside another upload that crashes the worker.

A command never changes the state, and raises RefusedError if the state does not allow it. The fold refuses nothing.
"""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from domain import errors
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
    StoredImage,
    Submitted,
)
from domain.failures import MESSAGES, NEEDS_NEW_PHOTO, NOT_COUNTED, FailureCode
from domain.objects import Expiry
from domain.staff import UNASKED, StaffRequest
from domain.stages import BANDS, COMPLETE, Stage, Status, rank
from domain.state import ATTEMPTS, UploadState

_E = TypeVar("_E", bound=Event)


class Upload(UploadState, frozen=True, gc=False, kw_only=True):
    """One photo's life, from submission to its end."""

    @staticmethod
    def submit(upload_id: UUID, *, by: str, correlation_id: str, **facts: Any) -> Submitted:  # noqa: ANN401 - checked by the event
        """The first event of an upload; the facts are the fields of Submitted."""
        facts |= {"event_id": uuid4(), "actor": by, "correlation_id": correlation_id}
        return Submitted(originator_id=upload_id, originator_version=1, **facts)

    def start_attempt(self, *, by: str) -> AttemptStarted:
        """Start the next attempt. This ends an attempt that a lost worker left running."""
        self._refuse_if_ended()
        if self.losses >= ATTEMPTS:
            raise errors.AttemptsExhaustedError
        return self._next(AttemptStarted, by, attempt=self.attempt + 1)

    def advance(self, stage: Stage, progress: int, *, attempt: int, by: str) -> StageAdvanced | None:
        """Reach a stage, or raise the progress within it; None if nothing changes."""
        self._refuse_if_over(attempt)
        if progress not in BANDS.get(stage, ()):
            raise errors.ProgressOutOfBandError(f"{progress} lies outside of the progress band of {stage}.")
        further = rank(stage) - rank(self.reached)
        if further < 0:
            raise errors.StageRegressionError(f"{stage} lies before {self.reached}, and a stage never goes back.")
        if further > 1:
            raise errors.StageSkippedError(f"{stage} does not follow {self.reached or 'the submission'}.")
        if progress < self.progress:
            raise errors.ProgressRegressionError(f"{progress} is less than {self.progress}, and progress never falls.")
        if stage is COMPLETE and not (self.result and self.result.preview):
            raise errors.ResultMissingError
        if (stage, progress) == (self.reached, self.progress):
            return None
        return self._next(StageAdvanced, by, attempt=attempt, stage=stage, progress=progress)

    def store_result(self, result_id: UUID, model: str, full: StoredImage, *, attempt: int, by: str) -> ResultStored:
        """Record the full image, once."""
        self._refuse_if_over(attempt)
        if self.result:
            raise errors.ResultStoredError
        return self._next(ResultStored, by, attempt=attempt, result_id=result_id, model=model, full=full)

    def store_preview(self, preview: StoredImage, *, attempt: int, by: str) -> PreviewStored:
        """Record the result's preview, once."""
        self._refuse_if_over(attempt)
        if not self.result:
            raise errors.ResultMissingError
        if self.result.preview:
            raise errors.ResultStoredError
        return self._next(PreviewStored, by, attempt=attempt, preview=preview)

    def fail_attempt(
        self, code: FailureCode, retry_at: datetime, *, stage: Stage | None, attempt: int, by: str
    ) -> AttemptFailed | Failed:
        """End the attempt after a temporary failure. The upload fails if no attempt is left."""
        self._refuse_if_over(attempt)
        if not self.attempts_left and code not in NOT_COUNTED:
            return self._fail(code, stage, by)
        return self._next(AttemptFailed, by, attempt=attempt, stage=stage, code=code, retry_at=retry_at)

    def put_off(self, code: FailureCode, retry_at: datetime, *, by: str) -> PutOff:
        """Postpone the next attempt, for a code of NOT_COUNTED."""
        self._refuse_if_ended()
        if self.running or code not in NOT_COUNTED:
            raise errors.RefusedError(f"Only a waiting upload can be put off, and not for {code}.")
        return self._next(PutOff, by, stage=self.reached, code=code, retry_at=retry_at)

    def fail(
        self, code: FailureCode, message: str | None = None, *, stage: Stage | None, attempt: int, by: str
    ) -> Failed:
        """End the upload in failure, from the running attempt; with a message of its own, or the code's."""
        self._refuse_if_over(attempt)
        return self._fail(code, stage, by, message)

    def give_up(self, *, by: str) -> Failed:
        """Fail an upload whose last attempts all lost their worker."""
        self._refuse_if_ended()
        if self.losses < ATTEMPTS:
            raise errors.RefusedError(f"{ATTEMPTS - self.losses} attempts are left.")
        return self._fail(FailureCode.WORKER_LOST, self.reached, by)

    def cancel(self, *, by: str, request: StaffRequest = UNASKED) -> Failed | None:
        """End the upload on request of its owner or of staff; None if it is already cancelled."""
        if self.error_code is FailureCode.CANCELLED:
            return None
        self._refuse_if_ended()
        return self._fail(FailureCode.CANCELLED, self.reached, by, request=request)

    def retry(self, *, by: str, request: StaffRequest = UNASKED) -> Retried:
        """Continue from the stage that failed."""
        if self.erased:
            raise errors.NotFailedError("This upload is erased: there is nothing to retry.")
        if self.status is not Status.FAILED:
            raise errors.NotFailedError(f"This upload is {self.status}. Only a failed one can be retried.")
        if self.error_code in NEEDS_NEW_PHOTO:
            raise errors.NeedsNewPhotoError(f"Another try cannot help. {self.error_message}")
        if self.expired:
            raise errors.PhotoExpiredError
        return self._next(Retried, by, request.event_id, **request.facts)

    def requeue(self, *, by: str, request: StaffRequest = UNASKED) -> Requeued:
        """Ask for the next attempt now, whatever the upload waits for."""
        if self.erased:
            raise errors.UploadEndedError("This upload is erased: there is nothing left to do.")
        if self.ended:
            rather = "Retry it instead." if self.status is Status.FAILED else "There is nothing left to do."
            raise errors.UploadEndedError(f"This upload has ended ({self.stage}). {rather}")
        return self._next(Requeued, by, request.event_id, **request.facts)

    def expire(self, objects: Expiry, *, version: int, by: str) -> Expired | None:
        """Record that objects are deleted because their time is over; None if they already are.

        Whose time is over was judged at a version. An upload that has moved since, with a retry for example, stays.
        """
        if self.erased or self.expired in {objects, Expiry.EVERYTHING}:
            return None
        retry_needs_it = objects is Expiry.ORIGINAL and self.status is Status.FAILED
        if self.version != version or not self.ended or retry_needs_it:
            raise errors.RefusedError(f"The upload has moved on from version {version}, or still needs its photo.")
        return self._next(Expired, by, objects=objects)

    def note(self, *, by: str, request: StaffRequest) -> Noted:
        """Write the words of the request down, for colleagues."""
        if self.erased:
            raise errors.UploadEndedError("This upload is erased: nothing can follow, not even a note.")
        return self._next(Noted, by, request.event_id, note=request.reason or "", request_id=request.request_id)

    def erase(self, *, by: str, request: StaffRequest = UNASKED) -> Erased | None:
        """Record that the photo and pictures are deleted; None if they already were. The upload must have ended."""
        if not self.ended:
            raise errors.RefusedError("An upload that may still run cannot be erased. Cancel it first.")
        return None if self.erased else self._next(Erased, by, request.event_id, **request.facts)

    def _fail(
        self, code: FailureCode, stage: Stage | None, by: str, text: str | None = None, request: StaffRequest = UNASKED
    ) -> Failed:
        facts = {"stage": stage, "code": code, "message": text or MESSAGES[code], **request.facts}
        return self._next(Failed, by, request.event_id, **facts)

    def _next(self, event: type[_E], by: str, event_id: UUID | None = None, **facts: Any) -> _E:  # noqa: ANN401 - checked by the event
        return event(self.id, self.version + 1, event_id or uuid4(), by, self.correlation_id, **facts)

    def _refuse_if_ended(self) -> None:
        if self.ended:
            raise errors.UploadEndedError(f"This upload has ended ({self.stage}): nothing can follow.")

    def _refuse_if_over(self, attempt: int) -> None:
        self._refuse_if_ended()
        if not self.running or attempt != self.attempt:
            raise errors.AttemptOverError(f"Attempt {attempt} is over: the upload is at attempt {self.attempt}.")
